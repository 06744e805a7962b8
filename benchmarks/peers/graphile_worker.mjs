// SPDX-License-Identifier: MIT
//
// graphile-worker on the server that PUNCTUAL_TEST_POSTGRES names. It deletes the jobs it finished.

import { Logger, makeWorkerUtils, run, runMigrations } from 'graphile-worker';
import pg from 'pg';
import {
  Count, Latency, inBatches, jobName, payload, perSecond, postgresOptions, report, reportQuantiles,
  require, versionOf, withClient,
} from './measure.mjs';

const schema = 'peer_graphile_worker';
const peer = { version: versionOf('graphile-worker'), history: 'deleted' };
const logger = new Logger(() => () => {});

/** Calls `work(pgPool)` on fresh tables. */
async function onFreshTables(work) {
  const pgPool = new pg.Pool({ ...postgresOptions(), max: 26 });
  pgPool.on('error', () => {});
  pgPool.on('connect', (client) => client.on('error', () => {}));
  try {
    await pgPool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await runMigrations({ pgPool, schema, logger });
    return await work(pgPool);
  } finally {
    await pgPool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await pgPool.end();
  }
}

/** Adds jobs with its documented SQL function, an array of them at once. */
async function addMany(client, count, batch) {
  await inBatches(count, batch, (n) => client.query(
    `SELECT count(*) FROM ${schema}.add_jobs(ARRAY(SELECT json_populate_record(` +
    `null::${schema}.job_spec, json_build_object('identifier', $1::text, 'payload', $2::json))` +
    ' FROM generate_series(1, $3)))', [jobName, payload, n]));
}

async function addSingles(pgPool, count) {
  const utils = await makeWorkerUtils({ pgPool, schema, logger });
  await utils.addJob(jobName, payload);
  const rate = await perSecond(count, () => inBatches(count, 1, () =>
    utils.addJob(jobName, payload)));
  await utils.release();
  return rate;
}

async function drain(pgPool, runs, worker) {
  await addMany(pgPool, runs, 1000);
  await pgPool.query('ANALYZE');
  const done = new Count(runs);
  const rate = await perSecond(runs, async () => {
    const runner = await run({
      pgPool, schema, noHandleSignals: true, taskList: { [jobName]: () => done.one() },
      preset: { worker: { ...worker, logger } },
    });
    await done.reached;
    await runner.stop();
  });
  const left = await pgPool.query(`SELECT count(*)::int AS jobs FROM ${schema}.jobs`);
  require(left.rows[0].jobs === 0, 'not all jobs ended');
  return rate;
}

async function startLatencies(pgPool, runs) {
  const latency = new Latency();
  const runner = await run({
    pgPool, schema, noHandleSignals: true, logger, taskList: { [jobName]: latency.started },
  });
  const values = await latency.measure(runs, () => runner.addJob(jobName, payload));
  await runner.stop();
  return values;
}

await report('graphile-worker.enqueue_single', 'runs/s', { connections: 1, runs: 2000, ...peer },
  () => onFreshTables((pgPool) => addSingles(pgPool, 2000)));
await report('graphile-worker.enqueue_bulk', 'runs/s',
  { batch: 1000, connections: 1, runs: 200_000, ...peer },
  () => onFreshTables(() => withClient(async (client) => {
    await addMany(client, 10, 1);
    return perSecond(200_000, () => addMany(client, 200_000, 1000));
  })));
for (const size of [500, 1000]) {
  const worker = {
    concurrentJobs: 24, maxPoolSize: 26, localQueue: { size }, completeJobBatchDelay: 0,
  };
  await report('graphile-worker.drain', 'runs/s',
    { processes: 1, concurrency: 24, batch: size, runs: 100_000, analyzed: true, ...peer },
    () => onFreshTables((pgPool) => drain(pgPool, 100_000, worker)));
}
await reportQuantiles('graphile-worker.start_latency', 'ms', { nodes: 1, runs: 1000, ...peer },
  () => onFreshTables((pgPool) => startLatencies(pgPool, 1000)));
