// SPDX-License-Identifier: MIT
//
// Drives the admin page in Chromium, as an administrator would: with mouse, keyboard, narrow, and dark.
//
// PUNCTUAL_PAGE_URL     the page, such as http://127.0.0.1:8080/admin/jobs
// PUNCTUAL_READ_TOKEN   a token that may look only
// PUNCTUAL_WRITE_TOKEN  a token that may do everything
// PUNCTUAL_CHROMIUM     the browser's path; default /usr/bin/chromium
// PUNCTUAL_SHOTS        a directory for screenshots; none are taken without it
//
// The server has the jobs `slow-import` (10 s, reports progress, heeds a cancel), `quick-report` (ends at once),
// `hostile` (its texts contain markup), and `platform-self-check`.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const env = (name, other) => {
  const value = process.env[name] ?? other;
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
const URL_ = env("PUNCTUAL_PAGE_URL");
const READ = env("PUNCTUAL_READ_TOKEN");
const WRITE = env("PUNCTUAL_WRITE_TOKEN");
const SHOTS = process.env.PUNCTUAL_SHOTS;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// Without events, the page asks every five seconds, and for an open run every ten.
const WAIT = { timeout: 30000 };

const browser = await chromium.launch({ executablePath: env("PUNCTUAL_CHROMIUM", "/usr/bin/chromium"), args: ["--no-sandbox"] });
if (SHOTS) mkdirSync(SHOTS, { recursive: true });

// --- Support --------------------------------------------------------------------------------------

// The troubles of all pages of a test, to be told if it fails.
let seen = [];

/// Opens the page in a context of its own. `trouble` collects dialogs, exceptions, and console errors.
/// Without `events`, the server seems to have none, as behind a proxy that does not let them through.
async function open({ width = 1280, height = 900, colorScheme = "light", token = WRITE, path = "", events = true, ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, timezoneId: "America/New_York", ...more });
  if (!events) await context.route(`${URL_}/events`, (route) => route.fulfill({ status: 404 }));
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT.timeout);
  const trouble = [];
  seen.push(trouble);
  page.on("dialog", (dialog) => { trouble.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("pageerror", (error) => trouble.push(`exception: ${error.stack}`));
  page.on("console", (message) => {
    // The browser itself notes each answer that is an error; those that belong to a test are expected.
    if (["error", "warning"].includes(message.type()) && !/status of (401|404|409|429)/.test(message.text())) trouble.push(`console: ${message.text()}`);
  });
  await page.goto(URL_ + path);
  if (token) await signIn(page, token);
  return { page, context, trouble };
}

async function signIn(page, token) {
  await page.getByLabel("Access token").fill(token);
  await page.keyboard.press("Enter");
  await page.locator("#jobs tbody[data-job=quick-report]").waitFor();
}

async function shot(page, name) {
  if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/// Every violation that axe-core finds, as text.
async function axe(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ")}`);
}

const job = (page, name) => page.locator(`#jobs tbody[data-job="${name}"]`);
const view = (page) => page.locator("#run-view");
const hash = (page) => page.evaluate(() => location.hash);
const query = (page) => page.evaluate(() => location.search);

/// Triggers a job and returns the run's id, which the notice links to.
async function trigger(page, name, { reason, payload } = {}) {
  await job(page, name).getByRole("button", { name: "Run now" }).click();
  if (reason) await page.getByLabel("Reason (optional)").fill(reason);
  if (payload) await page.getByLabel("Payload (optional)").fill(payload);
  await page.locator("#ask").getByRole("button", { name: "Run now" }).click();
  const link = page.locator("#notices .notice a").last();
  await page.locator("#ask").waitFor({ state: "hidden" });
  await link.waitFor();
  return decodeURIComponent((await link.getAttribute("href")).slice("#run=".length));
}

/// Asks the API itself.
async function ask(path, body) {
  const headers = { Authorization: `Bearer ${WRITE}` };
  if (body) headers["Content-Type"] = "application/json";
  const response = await fetch(URL_ + path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  return (await response.json()).data;
}

/// Waits until no run of the job is open, so that one test does not disturb the next.
async function settle(name) {
  for (let i = 0; i < 300; i++) {
    const open = await Promise.all(["pending", "running"].map((status) => ask(`/runs?jobName=${name}&status=${status}`)));
    if (!open.flat().length) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${name} goes on`);
}

/// How the page is kept current: "live" by events, "poll" by questions.
async function link(page) {
  await page.locator("#link:is([data-state=live], [data-state=poll])").waitFor();
  return page.locator("#link").getAttribute("data-state");
}

/// Collects what screen readers are told from here on.
async function listen(page) {
  await page.evaluate(() => {
    const box = document.querySelector("#announce");
    globalThis.said = [];
    new MutationObserver(() => said.push(box.textContent)).observe(box, { childList: true, characterData: true, subtree: true });
  });
}

/// Every text in a JSON value, names of values included.
function textsIn(value) {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object") return [];
  return [...(Array.isArray(value) ? [] : Object.keys(value)), ...Object.values(value).flatMap(textsIn)];
}

/// Presses Tab until the control of that name has the focus, each with a mark that shows it.
async function tabTo(page, name) {
  for (let i = 0; i < 200; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const focused = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(focused);
      return { tag: focused.tagName, name: focused.getAttribute("aria-label") ?? (focused.id || focused.textContent), seen: outlineStyle !== "none" && outlineWidth !== "0px" };
    });
    if (at.tag === "BODY") continue; // past the last control
    assert.ok(at.seen, `${at.name} shows no focus`);
    if (at.name === name) return;
  }
  assert.fail(`${name} is not reached`);
}

const tests = [];
const test = (name, run) => tests.push({ name, run });

// --- Signing in -----------------------------------------------------------------------------------

test("a wrong token is refused, a right one opens the page, signing out closes it", async () => {
  const { page, trouble } = await open({ token: null });
  await page.getByLabel("Access token").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This token is not accepted.").waitFor();
  await shot(page, "sign-in");
  assert.deepEqual(await axe(page), []);
  await signIn(page, WRITE);
  await page.reload();
  await job(page, "quick-report").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Access token").waitFor();
  assert.equal(await page.locator("#content").isVisible(), false);
  assert.equal(await page.evaluate(() => Object.keys(sessionStorage).length), 0);
  assert.deepEqual(trouble, []);
});

test("who may look only is offered no action", async () => {
  const { page, trouble } = await open({ token: READ });
  await page.locator("#runs-body tr").first().waitFor();
  for (const name of ["Run now", "Pause", "Resume"]) {
    assert.equal(await job(page, "quick-report").getByRole("button", { name }).count(), 0, name);
  }
  await page.locator("#runs-body a").first().click();
  await view(page).getByRole("heading", { name: "Facts" }).waitFor();
  assert.equal(await view(page).getByRole("button", { name: "Cancel the run" }).count(), 0);
  assert.equal(await view(page).getByRole("button", { name: "Retry" }).count(), 0);
  assert.deepEqual(trouble, []);
});

// --- Runs -----------------------------------------------------------------------------------------

test("a triggered job is seen to progress and to finish, and is announced", async () => {
  const { page, trouble } = await open();
  await settle("slow-import");
  await listen(page);
  const seconds = await link(page) === "live" ? 6 : 20;
  const id = await trigger(page, "slow-import", { reason: "by hand", payload: `{"region":"eu","seconds":${seconds}}` });
  const row = page.locator(`#runs-body tr[data-run="${id}"]`);
  const bar = row.locator("progress");
  await bar.waitFor();
  const first = Number(await bar.getAttribute("value"));
  await page.waitForFunction(([id, first]) => Number(document.querySelector(`tr[data-run="${id}"] progress`)?.getAttribute("value")) > first, [id, first], WAIT);
  await page.evaluate((id) => { location.hash = `#run=${id}`; }, id);
  await view(page).locator("progress").waitFor();
  assert.match(await view(page).locator(".facts").innerText(), /by hand/);
  await shot(page, "running");
  assert.deepEqual(await axe(page), []);
  await view(page).locator(".run-state .is-success").first().waitFor();
  await view(page).getByText("batch 1", { exact: true }).waitFor();
  assert.match(await view(page).innerText(), /region/);
  assert.equal(await view(page).locator(".error:visible").count(), 0);
  await page.keyboard.press("Escape");
  await row.locator(".badge.is-success").waitFor();
  await page.waitForFunction(() => said.some((text) => /slow-import: success CONTROLS_IMPORTED/.test(text)), null, WAIT);
  // What failed before the page was opened is no news.
  assert.deepEqual((await page.evaluate(() => said)).filter((text) => /failed/.test(text)), []);
  assert.deepEqual(trouble, []);
});

test("a job that ends at once is shown with its outcome", async () => {
  const { page, trouble } = await open();
  const id = await trigger(page, "quick-report");
  await page.locator(`#runs-body tr[data-run="${id}"] .badge.is-success`).waitFor();
  await job(page, "quick-report").locator(".spark rect.is-success").last().waitFor();
  assert.deepEqual(trouble, []);
});

test("what others do shows by itself, by events or by asking", async () => {
  for (const events of [true, false]) {
    const { page, context, trouble } = await open({ events });
    assert.equal(await link(page), events ? "live" : "poll");
    const { jobId } = await ask("/trigger/quick-report", {});
    await page.locator(`#runs-body tr[data-run="${jobId}"] .badge.is-success`).waitFor();
    await ask("/quick-report/pause", { reason: "elsewhere" });
    await job(page, "quick-report").getByText("by operator: elsewhere").waitFor();
    await ask("/quick-report/resume", {});
    await job(page, "quick-report").getByRole("button", { name: "Pause" }).waitFor();
    assert.deepEqual(trouble, []);
    await context.close();
  }
});

test("a payload that is not JSON is refused before it is sent", async () => {
  const { page, trouble } = await open();
  await job(page, "quick-report").getByRole("button", { name: "Run now" }).click();
  await page.getByLabel("Payload (optional)").fill("{nope");
  await page.locator("#ask").getByRole("button", { name: "Run now" }).click();
  await page.getByText("This is not JSON").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "TEXTAREA");
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("Escape");
  assert.deepEqual(trouble, []);
});

test("a job that is running already is not run beside itself", async () => {
  const { page, trouble } = await open();
  await settle("slow-import");
  const id = await trigger(page, "slow-import");
  await job(page, "slow-import").getByRole("button", { name: "Run now" }).click();
  await page.locator("#ask").getByRole("button", { name: "Run now" }).click();
  await page.locator("#ask [role=alert]").getByText("JOB_ALREADY_RUNNING").waitFor();
  assert.match(await page.locator("#notices .notice").last().innerText(), new RegExp(`already running: run ${id.slice(-8)}`));
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("Escape");
  await ask(`/runs/${id}/cancel`, {});
  assert.deepEqual(trouble, []);
});

test("who runs a job too often is told when to try again", async () => {
  const { page, trouble } = await open();
  await job(page, "cleanup").getByRole("button", { name: "Run now" }).click();
  const send = page.locator("#ask").getByRole("button", { name: "Run now" });
  const refusal = page.locator("#ask [role=alert]").getByText("RATE_LIMITED");
  for (let i = 0; i < 20; i++) await ask("/trigger/cleanup", {});
  await send.click();
  await refusal.waitFor();
  assert.match(await refusal.innerText(), /too often.*; try again in \d+ s \(RATE_LIMITED, request \S+\)$/);
  await shot(page, "refused");
  assert.deepEqual(await axe(page), []);
  assert.equal(await page.locator("#notices .notice").count(), 0);
  await page.keyboard.press("Escape");
  assert.deepEqual(trouble, []);
});

test("a running run is cancelled, and tried again", async () => {
  const { page, trouble } = await open();
  await settle("slow-import");
  const id = await trigger(page, "slow-import");
  await page.locator(`#runs-body tr[data-run="${id}"] a`).click();
  await view(page).getByRole("button", { name: "Cancel the run" }).click();
  await page.getByLabel("Reason (optional)").fill("no longer needed");
  await page.locator("#ask").getByRole("button", { name: "Cancel the run" }).click();
  await view(page).locator(".run-state .is-failed").first().waitFor();
  assert.match(await view(page).locator(".run-state").innerText(), /JOB_CANCELLED/);
  await view(page).getByText("operator: no longer needed").waitFor();
  await view(page).getByRole("button", { name: "Retry" }).click();
  await page.locator("#ask").getByRole("button", { name: "Retry" }).click();
  await view(page).locator(".attempts li").nth(1).waitFor();
  await shot(page, "attempts");
  await view(page).locator(".attempts a").first().click();
  await view(page).getByRole("button", { name: "Cancel the run" }).click();
  await page.locator("#ask").getByRole("button", { name: "Cancel the run" }).click();
  await view(page).locator(".run-state").getByText("JOB_CANCELLED").waitFor();
  assert.equal(await view(page).locator(".error:visible").count(), 0);
  assert.deepEqual(trouble, []);
});

test("more runs are loaded, and the keyboard goes on with them", async () => {
  const { page, trouble } = await open();
  await page.locator("#runs-body tr").nth(49).waitFor();
  await page.getByRole("button", { name: "Load more" }).click();
  await page.locator("#runs-body tr").nth(50).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.closest("#runs-body tr") !== null), true);
  const ids = await page.locator("#runs-body tr").evaluateAll((rows) => rows.map((row) => row.dataset.run));
  assert.deepEqual(ids, [...new Set(ids)].sort().reverse());
  assert.deepEqual(trouble, []);
});

test("filters narrow the list, live in the URL, and survive a reload", async () => {
  const { page, trouble } = await open();
  await page.locator("#runs-body tr").first().waitFor();
  await page.locator("#filters").getByLabel("Job").selectOption("quick-report");
  await page.locator("#filters").getByLabel("Status").selectOption("success");
  await page.waitForFunction(() => [...document.querySelectorAll("#runs-body tr")].every((row) => /quick-report/.test(row.textContent) && /success/.test(row.textContent)), null, WAIT);
  assert.equal(await query(page), "?jobName=quick-report&status=success");
  await page.reload();
  await page.locator("#runs-body tr").first().waitFor();
  assert.equal(await page.locator("#filters").getByLabel("Job").inputValue(), "quick-report");
  await page.getByLabel("Code").fill("NO_SUCH_CODE");
  await page.getByText("No runs match these filters.").waitFor();
  await page.getByLabel("From (UTC)").fill("yesterday");
  await page.getByLabel("From (UTC)").blur();
  await page.getByText("Write an instant as").waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
  await page.locator("#runs-body tr").first().waitFor();
  assert.equal(await query(page), "");
  assert.deepEqual(trouble, []);
});

test("a run is opened by its link and by its URL, and closed by the keyboard", async () => {
  const { page, context, trouble } = await open();
  const link = page.locator("#runs-body a").first();
  await link.focus();
  await page.keyboard.press("Enter");
  await view(page).getByRole("heading", { name: "Facts" }).waitFor();
  const opened = await hash(page);
  assert.match(opened, /^#run=.+/);
  await shot(page, "run");
  await page.keyboard.press("Escape");
  await view(page).waitFor({ state: "hidden" });
  assert.equal(await hash(page), "");
  assert.equal(await page.evaluate(() => document.activeElement.closest("#runs-body") !== null), true);
  await page.goto(`${URL_}${opened}`);
  await page.reload();
  await view(page).getByRole("heading", { name: "Facts" }).waitFor();
  await page.goto(`${URL_}#run=00000000-0000-7000-8000-000000000000`);
  await view(page).getByText("There is no such run").waitFor();
  assert.deepEqual(trouble, []);
  await context.close();
});

// --- Jobs -----------------------------------------------------------------------------------------

test("a job is paused with a reason, and resumed", async () => {
  const { page, trouble } = await open();
  const row = job(page, "quick-report");
  await row.getByRole("button", { name: "Pause" }).click();
  await page.locator("#ask").getByRole("button", { name: "Pause" }).click();
  await page.getByText("Say why").waitFor();
  await page.getByLabel("Reason").fill("maintenance");
  await page.locator("#ask").getByRole("button", { name: "Pause" }).click();
  await row.getByText("maintenance").waitFor();
  await shot(page, "paused");
  await row.getByRole("button", { name: "Resume" }).click();
  await page.locator("#ask").getByRole("button", { name: "Resume" }).click();
  await row.getByRole("button", { name: "Pause" }).waitFor();
  assert.equal(await row.getByText("maintenance").count(), 0);
  assert.deepEqual(trouble, []);
});

test("figures of a job that could not be had are asked for again", async () => {
  const { page, context, trouble } = await open({ token: null });
  let asked = 0;
  await context.route(/by-name\/quick-report$/, (route) => (asked++ ? route.continue() : route.fulfill({ status: 503, json: {} })));
  await signIn(page, WRITE);
  await job(page, "quick-report").getByText("HTTP_503").waitFor();
  await ask("/trigger/quick-report", {});
  await job(page, "quick-report").locator(".spark").waitFor();
  assert.equal(await job(page, "quick-report").locator(".error").count(), 0);
  assert.deepEqual(trouble.filter((each) => !/status of 503/.test(each)), []);
});

test("a job unfolds to next runs, charts with tables, and an explained instant", async () => {
  const { page, trouble } = await open();
  const row = job(page, "quick-report");
  await row.getByRole("button", { name: "quick-report", exact: true }).click();
  await row.getByRole("heading", { name: "Lateness" }).waitFor();
  await row.locator(".chart svg[role=img]").first().waitFor();
  await row.getByText("Run time of quick-report as a table").click();
  await row.getByRole("table", { name: "Run time of quick-report" }).waitFor();
  await row.getByLabel("What happened at").fill("2024-02-30");
  await row.getByRole("button", { name: "Explain" }).click();
  await row.getByText("Write an instant as").waitFor();
  await row.getByLabel("What happened at").fill("2024-01-15 03:00 +01:00");
  await row.getByRole("button", { name: "Explain" }).click();
  await row.getByText("2024-01-15 02:00:00 UTC").waitFor();
  await row.scrollIntoViewIfNeeded();
  await shot(page, "job");
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(trouble, []);
});

test("the platform's validation is shown, and renewed when it has run", async () => {
  const { page, trouble } = await open();
  const head = page.locator("#validation-head");
  await head.getByText("2 of 4 checks passed, 1 failed, 1 skipped").waitFor();
  await page.locator("#validation").getByText("no mail server is configured").waitFor();
  const before = await head.locator("time").getAttribute("datetime");
  await trigger(page, "platform-self-check");
  await page.waitForFunction((before) => document.querySelector("#validation-head time").getAttribute("datetime") !== before, before, WAIT);
  await shot(page, "validation");
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(trouble, []);
});

// --- Hostile text ---------------------------------------------------------------------------------

test("hostile text is shown as text everywhere", async () => {
  const { page, trouble } = await open();
  const injected = () => page.evaluate(() => document.querySelectorAll("body script, img, iframe, [onerror], [onclick], [onload], [href^='javascript:' i]").length);
  const markup = "<img src=x onerror=alert(0)>";
  const id = await trigger(page, "hostile", { reason: markup, payload: JSON.stringify({ [markup]: markup }) });
  await page.locator(`#runs-body tr[data-run="${id}"] .badge.is-failed`).waitFor();
  const row = job(page, "hostile");
  await row.getByRole("button", { name: "hostile", exact: true }).click();
  await row.getByRole("heading", { name: "Lateness" }).waitFor();
  const { description, schedule } = await ask("/by-name/hostile");
  const shownJob = await row.evaluate((element) => element.textContent);
  for (const text of [description, schedule.timeZone]) assert.ok(shownJob.includes(text), text);
  await shot(page, "hostile-job");
  // The zone is none, and what the check of the ledger says of it names it.
  assert.match(await page.locator("#validation").evaluate((element) => element.textContent), /<img src=x/);

  await page.locator(`#runs-body tr[data-run="${id}"] a`).click();
  await view(page).getByRole("heading", { name: "Details" }).waitFor();
  const closed = view(page).locator("details:not([open]) > summary:visible");
  while (await closed.count()) await closed.first().click();
  const run = await ask(`/runs/${id}`);
  const shown = await view(page).evaluate((element) => element.textContent);
  const wanted = [run.summary, run.errorMessage, run.reason, ...textsIn(run.details), ...textsIn(run.payload),
    ...run.log.lines.map((line) => line.text)];
  assert.ok(wanted.length > 40);
  for (const text of wanted) assert.ok(shown.includes(text), text);
  assert.equal(await view(page).locator(".error:visible").count(), 0);
  await shot(page, "hostile-run");
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("Escape");

  await row.getByRole("button", { name: "Pause" }).click();
  await page.getByLabel("Reason").fill(markup);
  await page.keyboard.press("Enter");
  await row.getByText(markup).first().waitFor();
  await row.getByRole("button", { name: "Resume" }).click();
  await page.locator("#ask").getByText(markup).waitFor();
  await page.keyboard.press("Enter");
  await row.getByRole("button", { name: "Pause" }).waitFor();
  assert.equal(await injected(), 0);

  await page.goto(`${URL_}?jobName=${encodeURIComponent(markup)}&status=%3Cscript%3E&createdFrom=%22%3E%3Cimg%20src%3Dx%3E#run=%3Cimg%20src%3Dx%3E`);
  await view(page).waitFor();
  await page.waitForTimeout(300);
  assert.equal(await injected(), 0);
  assert.deepEqual(trouble.filter((each) => !/status of 400/.test(each)), []);
});

// --- Form -----------------------------------------------------------------------------------------

for (const [name, options] of [["light", {}], ["dark", { colorScheme: "dark" }], ["narrow", { width: 320, height: 700 }],
  ["narrow-dark", { width: 375, height: 700, colorScheme: "dark" }], ["zoomed", { width: 640, height: 450, deviceScaleFactor: 2 }],
  ["calm", { reducedMotion: "reduce" }]]) {
  test(`axe-core finds nothing, and nothing overflows: ${name}`, async () => {
    const { page, trouble } = await open(options);
    await page.locator("#runs-body tr").first().waitFor();
    // By keyboard: rows that come into view fill, and what is below them moves away from the mouse.
    await job(page, "quick-report").getByRole("button", { name: "quick-report", exact: true }).press("Enter");
    await job(page, "quick-report").locator(".chart svg").first().waitFor();
    await shot(page, `page-${name}`);
    assert.deepEqual(await axe(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page scrolls sideways");
    const moving = await page.evaluate(() => [...document.querySelectorAll(".toggle")].some((each) => !/^0s/.test(getComputedStyle(each, "::before").transitionDuration)));
    assert.equal(moving, options.reducedMotion !== "reduce");
    const head = page.locator("#runs thead th").last();
    if ((options.width ?? 1280) > 1000) assert.equal(await head.evaluate((cell) => getComputedStyle(cell).display), "table-cell");
    await page.locator("#runs-title").scrollIntoViewIfNeeded();
    await shot(page, `runs-${name}`);
    await page.locator("#runs-body a").first().press("Enter");
    await view(page).getByRole("heading", { name: "Facts" }).waitFor();
    await shot(page, `run-${name}`);
    assert.deepEqual(await axe(page), []);
    assert.deepEqual(trouble, []);
  });
}

test("the chosen colours stay", async () => {
  const { page, trouble } = await open();
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.getByLabel("Colours").selectOption("dark");
  const dark = await background();
  assert.notEqual(dark, light);
  assert.deepEqual(await axe(page), []);
  await page.reload();
  await job(page, "quick-report").waitFor();
  assert.equal(await background(), dark);
  assert.deepEqual(trouble, []);
});

test("everything is done by keyboard alone", async () => {
  const { page, trouble } = await open({ token: null });
  await page.locator("#token:focus").waitFor();
  await page.keyboard.type(WRITE);
  await page.keyboard.press("Enter");
  await job(page, "quick-report").waitFor();
  await page.locator("#runs-body tr").first().waitFor();
  await page.reload();
  await page.locator("#runs-body tr").first().waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await tabTo(page, "quick-report");
  for (const [key, open] of [["Enter", "true"], ["Space", "false"]]) {
    await page.keyboard.press(key);
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-expanded")), open);
  }

  // A dialog gives the focus back to what opened it.
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  await tabTo(page, "Run now: quick-report");
  await page.keyboard.press("Enter");
  await page.locator("#ask input:focus").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await focused(), "Run now: quick-report");
  await page.keyboard.press("Enter");
  await page.locator("#ask input:focus").waitFor();
  await page.keyboard.type("by keyboard");
  await tabTo(page, "Run now");
  await page.keyboard.press("Enter");
  await page.locator("#notices .notice a").waitFor();
  await page.locator("#ask").waitFor({ state: "hidden" });
  assert.equal(await focused(), "Run now: quick-report");

  // So it does where that has given way to its opposite.
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Pause quick-report");
  await page.keyboard.press("Enter");
  await page.locator("#ask input:focus").waitFor();
  await page.keyboard.type("by keyboard");
  await page.keyboard.press("Enter");
  await page.locator("#jobs [aria-label='Resume quick-report']:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#ask input:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#jobs [aria-label='Pause quick-report']:focus").waitFor();

  await tabTo(page, "filter-status");
  await page.keyboard.type("failed");
  await page.waitForFunction(() => location.search === "?status=failed");
  assert.deepEqual(trouble, []);
});

test("the focus stays with a control that gives way before its dialog does", async () => {
  const { page, context, trouble } = await open();
  assert.equal(await link(page), "live");
  // Answers come after the events of what they answer.
  await context.route(/\/(pause|resume|cancel)$/, async (route) => {
    const response = await route.fetch();
    await page.waitForTimeout(1000);
    await route.fulfill({ response });
  });
  await settle("slow-import");
  const id = await trigger(page, "slow-import");
  await page.locator(`#runs-body tr[data-run="${id}"] a`).press("Enter");
  await view(page).getByRole("button", { name: "Cancel the run" }).press("Enter");
  await page.keyboard.press("Enter");
  await page.locator("#run-title:focus").waitFor();
  await view(page).locator(".run-state").getByText("JOB_CANCELLED").waitFor();
  await page.keyboard.press("Escape");
  const row = job(page, "quick-report");
  for (const [name, opposite] of [["Pause", "Resume"], ["Resume", "Pause"]]) {
    await row.getByRole("button", { name }).press("Enter");
    await page.keyboard.type("by keyboard");
    await page.keyboard.press("Enter");
    await page.locator(`#jobs [aria-label='${opposite} quick-report']:focus`).waitFor();
  }
  assert.deepEqual(trouble, []);
});

test("a run is opened and cancelled by keyboard alone", async () => {
  const { page, trouble } = await open();
  await settle("slow-import");
  const id = await trigger(page, "slow-import", { payload: '{"seconds":60}' });
  const link = page.locator(`#runs-body tr[data-run="${id}"] a`);
  await tabTo(page, await link.evaluate((element) => element.textContent));
  await page.keyboard.press("Enter");
  await page.locator("#run-title:focus").waitFor();
  await view(page).getByRole("button", { name: "Cancel the run" }).waitFor();
  await tabTo(page, "Cancel the run");
  await page.keyboard.press("Enter");
  await page.locator("#ask input:focus").waitFor();
  await page.keyboard.press("Enter");
  await view(page).locator(".run-state").getByText("JOB_CANCELLED").waitFor();
  await page.locator("#run-title:focus").waitFor();
  await page.keyboard.press("Escape");
  await view(page).waitFor({ state: "hidden" });
  assert.equal(await link.evaluate((element) => document.activeElement === element), true);
  assert.deepEqual(trouble, []);
});

// --- Run ------------------------------------------------------------------------------------------

let failed = 0;
const chosen = tests.filter(({ name }) => name.includes(process.argv[2] ?? ""));
for (const { name, run } of chosen) {
  const from = Date.now();
  seen = [];
  try {
    await run();
    console.log(`ok      ${name} (${Date.now() - from} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}\n${seen.flat().join("\n")}\n`);
    const page = browser.contexts().at(-1)?.pages().at(-1);
    if (page) await shot(page, `failed-${failed}`).catch(() => {});
  }
  for (const context of browser.contexts()) await context.close();
}
await browser.close();
console.log(failed ? `${failed} of ${chosen.length} failed` : `all ${chosen.length} passed`);
process.exit(failed || !chosen.length ? 1 : 0);
