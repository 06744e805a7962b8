// SPDX-License-Identifier: MIT
//
// pg-boss on the server that PUNCTUAL_TEST_POSTGRES names. It keeps the jobs it finished.

import PgBoss from 'pg-boss';
import {
  Latency, inBatches, jobName, payload, perSecond, postgresOptions, report, reportQuantiles,
  require, versionOf, withClient,
} from './measure.mjs';

const schema = 'peer_pg_boss';
const peer = { version: versionOf('pg-boss'), history: 'kept' };

/** Calls `work(boss)` on fresh tables. */
async function onFreshTables(connections, work) {
  const remove = (client) => client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await withClient(remove);
  const boss = new PgBoss({
    ...postgresOptions(), schema, max: connections, supervise: false, schedule: false,
  });
  boss.on('error', (error) => { throw error; });
  await boss.start();
  await boss.createQueue(jobName);
  try {
    return await work(boss);
  } finally {
    await boss.stop({ graceful: false });
    await withClient(remove);
  }
}

const addSingles = (boss, count) => inBatches(count, 1, () => boss.send(jobName, payload));

const addMany = (boss, count, batch) => inBatches(count, batch, (n) =>
  boss.insert(Array.from({ length: n }, () => ({ name: jobName, data: payload }))));

/** Fetches and completes jobs until there are none; returns how many there were. */
async function fetchAndComplete(boss, batchSize) {
  for (let count = 0; ;) {
    const jobs = await boss.fetch(jobName, { batchSize });
    if (jobs.length === 0) return count;
    await boss.complete(jobName, jobs.map((job) => job.id));
    count += jobs.length;
  }
}

async function drain(boss, runs, batch, loops) {
  await addMany(boss, runs, 1000);
  await withClient((client) => client.query('ANALYZE'));
  let done = 0;
  const rate = await perSecond(runs, async () => {
    const counts = await Promise.all(
      Array.from({ length: loops }, () => fetchAndComplete(boss, batch)));
    done = counts.reduce((a, b) => a + b);
  });
  require(done === runs, 'not all jobs were fetched');
  return rate;
}

async function startLatencies(boss, runs) {
  const latency = new Latency();
  await boss.work(jobName, { pollingIntervalSeconds: 0.5 }, async () => latency.started());
  const values = await latency.measure(runs, () => boss.send(jobName, payload),
    () => 500 * Math.random());
  await boss.offWork(jobName);
  return values;
}

await report('pg-boss.enqueue_single', 'runs/s', { connections: 1, runs: 2000, ...peer },
  () => onFreshTables(1, async (boss) => {
    await addSingles(boss, 10);
    return perSecond(2000, () => addSingles(boss, 2000));
  }));
await report('pg-boss.enqueue_bulk', 'runs/s',
  { batch: 1000, connections: 1, runs: 100_000, ...peer },
  () => onFreshTables(1, async (boss) => {
    await addSingles(boss, 10);
    return perSecond(100_000, () => addMany(boss, 100_000, 1000));
  }));
for (const batch of [100, 500]) {
  for (const loops of [1, 4]) {
    await report('pg-boss.drain', 'runs/s',
      { batch, processes: 1, loops, runs: 20_000, analyzed: true, ...peer },
      () => onFreshTables(loops, (boss) => drain(boss, 20_000, batch, loops)));
  }
}
await reportQuantiles('pg-boss.start_latency', 'ms',
  { nodes: 1, polling_ms: 500, runs: 20, ...peer },
  () => onFreshTables(2, (boss) => startLatencies(boss, 20)));
