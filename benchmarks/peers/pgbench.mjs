// SPDX-License-Identifier: MIT
//
// The server that PUNCTUAL_TEST_POSTGRES names with nothing on top: pgbench stores rows of the size
// of a small job, each in a transaction of its own, on one connection. Argument: what is measured next.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { report, require, withClient } from './measure.mjs';

const table = 'peer_pgbench';
const seconds = 3;
const script = fileURLToPath(new URL('pgbench.sql', import.meta.url));

await report('pgbench.enqueue_single', 'runs/s',
  { connections: 1, protocol: 'prepared', seconds, before: process.argv[2] }, () => withClient(async (client) => {
    await client.query(`DROP TABLE IF EXISTS ${table}`);
    await client.query(`CREATE TABLE ${table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,` +
      ' name text NOT NULL, run_at timestamptz NOT NULL, payload jsonb NOT NULL)');
    const output = execFileSync('pgbench', ['--no-vacuum', '--client=1', '--protocol=prepared',
      `--time=${seconds}`, `--file=${script}`, process.env.PUNCTUAL_TEST_POSTGRES],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    await client.query(`DROP TABLE ${table}`);
    const rate = Number(/^tps = ([0-9.]+)/m.exec(output)?.[1]);
    require(rate > 0, `pgbench said ${output}`);
    return rate;
  }));
