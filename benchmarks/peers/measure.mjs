// SPDX-License-Identifier: MIT
//
// What the measurements of the peers share: figures as one JSON object a line, in the form of
// benchmarks/report.hpp, and the server that the environment names.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export const jobName = 'import-accounts';
export const payload = { account: 4711 };
export const rounds = 3;

/** Returns the value below which `part` of the values lie. */
function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(part * (sorted.length - 1))];
}

/** Calls `measure()` in rounds and prints the median, the least and the most. */
export async function report(benchmark, unit, setting, measure) {
  const values = [];
  for (let i = 0; i < rounds; ++i) values.push(await measure());
  const [median, min, max] = [0.5, 0, 1].map((part) => quantile(values, part));
  console.log(JSON.stringify({ benchmark, median, min, max, unit, rounds, setting }));
}

/** Calls `measure()` in rounds, each returning samples; prints the medians of their p50 and p99. */
export async function reportQuantiles(benchmark, unit, setting, measure) {
  const all = [];
  for (let i = 0; i < rounds; ++i) all.push(await measure());
  const [p50, p99] = [0.5, 0.99].map((part) =>
    quantile(all.map((values) => quantile(values, part)), 0.5));
  const samples = all.flat().length;
  console.log(JSON.stringify({ benchmark, p50, p99, unit, rounds, samples, setting }));
}

/** Returns how many a second `count` are, if `work()` handles them all. */
export async function perSecond(count, work) {
  const start = performance.now();
  await work();
  return (count * 1000) / (performance.now() - start);
}

/** Calls `addMany(n)` until `count` are added. */
export async function inBatches(count, batch, addMany) {
  for (let i = 0; i < count; i += batch) await addMany(Math.min(batch, count - i));
}

/** Counts calls; `reached` is kept when there were `count`. */
export class Count {
  #left;
  #resolve;
  constructor(count) {
    this.#left = count;
    this.reached = new Promise((resolve) => { this.#resolve = resolve; });
  }
  one() {
    if (--this.#left === 0) this.#resolve();
  }
}

/**
 * From the call of `add()` to the first line of the body, in ms; the body calls `started()`.
 * `pause()` says how many ms pass before the next one.
 */
export class Latency {
  #resolve = () => {};
  started = () => this.#resolve(performance.now());
  async measure(count, add, pause = () => 2) {
    const values = [];
    for (let i = 0; i < count; ++i) {
      const started = new Promise((resolve) => { this.#resolve = resolve; });
      const begun = performance.now();
      await add();
      values.push((await started) - begun);
      await sleep(pause());
    }
    return values;
  }
}

export function require(isRight, what) {
  if (!isRight) throw new Error(`the benchmark saw what cannot be: ${what}`);
}

/** Returns the version of an installed package. */
export function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url)))
    .version;
}

function fromEnvironment(name) {
  require(process.env[name], `${name} names no server`);
  return process.env[name];
}

/** Returns the path of the socket of the Redis server. */
export const redisSocket = () => fromEnvironment('PUNCTUAL_TEST_REDIS');

/** Returns the PostgreSQL server's conninfo ("host=... user=... dbname=...") as options of pg. */
export function postgresOptions() {
  const words = fromEnvironment('PUNCTUAL_TEST_POSTGRES').split(' ').map((word) => word.split('='));
  const { host, port, user, dbname, password } = Object.fromEntries(words);
  return { host, port: port && Number(port), user, database: dbname, password };
}

/** Calls `work(client)` with a connection of its own to the PostgreSQL server. */
export async function withClient(work) {
  const client = new pg.Client(postgresOptions());
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
