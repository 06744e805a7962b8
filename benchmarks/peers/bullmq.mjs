// SPDX-License-Identifier: MIT
//
// BullMQ on the server whose socket PUNCTUAL_TEST_REDIS names. It keeps the jobs it finished unless
// it is told to delete them.

import { Queue, Worker } from 'bullmq';
import {
  Count, Latency, inBatches, jobName, payload, perSecond, redisSocket, report, reportQuantiles,
  require, versionOf,
} from './measure.mjs';

const connection = { path: redisSocket(), maxRetriesPerRequest: null };
const prefix = '{peer-bullmq}';
const peer = { version: versionOf('bullmq'), history: 'kept' };

/** Calls `work(queue)` with a queue that is empty. */
async function onFreshQueue(work) {
  const queue = new Queue('benchmark', { connection, prefix });
  try {
    await queue.waitUntilReady();
    await queue.obliterate({ force: true, count: 10_000 });
    return await work(queue);
  } finally {
    await queue.obliterate({ force: true, count: 10_000 });
    await queue.close();
  }
}

const addSingles = (queue, count) => inBatches(count, 1, () => queue.add(jobName, payload));

const addMany = (queue, count, batch, opts) => inBatches(count, batch, (n) =>
  queue.addBulk(Array.from({ length: n }, () => ({ name: jobName, data: payload, opts }))));

async function withWorker(body, concurrency, work) {
  const worker = new Worker('benchmark', body, { connection, prefix, concurrency, autorun: false });
  await worker.waitUntilReady();
  worker.run();
  try {
    return await work(worker);
  } finally {
    await worker.close();
  }
}

async function drain(queue, runs, concurrency, isKept) {
  await addMany(queue, runs, 1000, { removeOnComplete: !isKept });
  const done = new Count(runs);
  const rate = await withWorker(async () => 'done', concurrency, (worker) => {
    worker.on('completed', () => done.one());
    return perSecond(runs, () => done.reached);
  });
  require(await queue.getCompletedCount() === (isKept ? runs : 0), 'not all jobs ended well');
  return rate;
}

async function startLatencies(queue, runs) {
  const latency = new Latency();
  return withWorker(async () => latency.started(), 1, () =>
    latency.measure(runs, () => queue.add(jobName, payload)));
}

await report('bullmq.enqueue_single', 'runs/s', { connections: 1, runs: 5000, ...peer },
  () => onFreshQueue(async (queue) => {
    await addSingles(queue, 10);
    return perSecond(5000, () => addSingles(queue, 5000));
  }));
await report('bullmq.enqueue_bulk', 'runs/s',
  { batch: 1000, connections: 1, runs: 100_000, ...peer },
  () => onFreshQueue(async (queue) => {
    await addSingles(queue, 10);
    return perSecond(100_000, () => addMany(queue, 100_000, 1000));
  }));
for (const [concurrency, isKept] of [[50, true], [50, false]]) {
  await report('bullmq.drain', 'runs/s',
    { processes: 1, concurrency, runs: 50_000, ...peer, history: isKept ? 'kept' : 'deleted' },
    () => onFreshQueue((queue) => drain(queue, 50_000, concurrency, isKept)));
}
await reportQuantiles('bullmq.start_latency', 'ms',
  { nodes: 1, runs: 1000, ...peer },
  () => onFreshQueue((queue) => startLatencies(queue, 1000)));
