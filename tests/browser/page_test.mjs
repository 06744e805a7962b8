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
const WAIT = { timeout: 20000 };

const browser = await chromium.launch({ executablePath: env("PUNCTUAL_CHROMIUM", "/usr/bin/chromium"), args: ["--no-sandbox"] });
if (SHOTS) mkdirSync(SHOTS, { recursive: true });

// --- Support --------------------------------------------------------------------------------------

/// Opens the page in a context of its own. `trouble` collects dialogs, exceptions, and console errors.
async function open({ width = 1280, height = 900, colorScheme = "light", token = WRITE, path = "", ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, timezoneId: "America/New_York", ...more });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT.timeout);
  const trouble = [];
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

/// Waits until no run of the job is going on, so that one test does not disturb the next.
async function settle(page, name) {
  await page.waitForFunction((job) => !document.querySelector(`#jobs tbody[data-job="${job}"] .job-state .is-running`), name, WAIT);
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
  const id = await trigger(page, "slow-import", { reason: "by hand", payload: '{"region":"eu"}' });
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
  assert.match(await view(page).innerText(), /region/);
  await page.keyboard.press("Escape");
  await row.locator(".badge.is-success").waitFor();
  await page.waitForFunction(() => /slow-import: success/.test(document.querySelector("#announce").textContent), null, WAIT);
  assert.deepEqual(trouble, []);
});

test("a job that ends at once is shown with its outcome", async () => {
  const { page, trouble } = await open();
  const id = await trigger(page, "quick-report");
  await page.locator(`#runs-body tr[data-run="${id}"] .badge.is-success`).waitFor();
  await job(page, "quick-report").locator(".spark rect.is-success").last().waitFor();
  assert.deepEqual(trouble, []);
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

test("a running run is cancelled, and tried again", async () => {
  const { page, trouble } = await open();
  await settle(page, "slow-import");
  const id = await trigger(page, "slow-import");
  await page.locator(`#runs-body tr[data-run="${id}"] a`).click();
  await view(page).getByRole("button", { name: "Cancel the run" }).click();
  await page.getByLabel("Reason (optional)").fill("no longer needed");
  await page.locator("#ask").getByRole("button", { name: "Cancel the run" }).click();
  await view(page).locator(".run-state .is-failed, .run-state .is-skipped").first().waitFor();
  assert.match(await view(page).locator(".run-state").innerText(), /JOB_CANCELLED/);
  await view(page).getByRole("button", { name: "Retry" }).click();
  await page.locator("#ask").getByRole("button", { name: "Retry" }).click();
  await view(page).locator(".attempts li").nth(1).waitFor();
  await shot(page, "attempts");
  await view(page).locator(".attempts a").first().click();
  await view(page).getByRole("button", { name: "Cancel the run" }).click();
  await page.locator("#ask").getByRole("button", { name: "Cancel the run" }).click();
  await view(page).getByText("JOB_CANCELLED").first().waitFor();
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

// --- Hostile text ---------------------------------------------------------------------------------

test("hostile text is shown as text everywhere", async () => {
  const { page, trouble } = await open();
  const injected = () => page.evaluate(() => document.querySelectorAll("body script, img, iframe, [onerror], [onclick], [onload]").length);
  const id = await trigger(page, "hostile");
  await page.locator(`#runs-body tr[data-run="${id}"] .badge.is-failed, #runs-body tr[data-run="${id}"] .badge.is-success`).first().waitFor();
  const row = job(page, "hostile");
  await row.getByRole("button", { name: "hostile", exact: true }).click();
  await row.getByRole("heading", { name: "Lateness" }).waitFor();
  assert.match(await row.innerText(), /<script>/);
  await shot(page, "hostile-job");
  await page.locator(`#runs-body tr[data-run="${id}"] a`).click();
  await view(page).getByRole("heading", { name: "Details" }).waitFor();
  const closed = view(page).locator("details:not([open]) > summary:visible");
  while (await closed.count()) await closed.first().click();
  assert.match(await view(page).innerText(), /<script>/);
  await shot(page, "hostile-run");
  assert.deepEqual(await axe(page), []);
  await page.goto(`${URL_}?jobName=${encodeURIComponent("<img src=x onerror=alert(1)>")}&status=%3Cscript%3E&createdFrom=%22%3E%3Cimg%20src%3Dx%3E#run=%3Cimg%20src%3Dx%3E`);
  await view(page).waitFor();
  await page.waitForTimeout(300);
  assert.equal(await injected(), 0);
  assert.deepEqual(trouble.filter((each) => !/status of 4\d\d/.test(each)), []);
});

// --- Form -----------------------------------------------------------------------------------------

for (const [name, options] of [["light", {}], ["dark", { colorScheme: "dark" }], ["narrow", { width: 320, height: 700 }],
  ["narrow-dark", { width: 375, height: 700, colorScheme: "dark" }], ["zoomed", { width: 640, height: 450, deviceScaleFactor: 2 }],
  ["calm", { reducedMotion: "reduce" }]]) {
  test(`axe-core finds nothing, and nothing overflows: ${name}`, async () => {
    const { page, trouble } = await open(options);
    await page.locator("#runs-body tr").first().waitFor();
    await job(page, "quick-report").getByRole("button", { name: "quick-report", exact: true }).click();
    await job(page, "quick-report").locator(".chart svg, .part .muted").first().waitFor();
    await shot(page, `page-${name}`);
    assert.deepEqual(await axe(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page scrolls sideways");
    const head = page.locator("#runs thead th").last();
    if ((options.width ?? 1280) > 1000) assert.equal(await head.evaluate((cell) => getComputedStyle(cell).display), "table-cell");
    await page.locator("#runs-title").scrollIntoViewIfNeeded();
    await shot(page, `runs-${name}`);
    await page.locator("#runs-body a").first().click();
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
  // Tab reaches each control, and each shows that it has the focus.
  const wanted = new Set(["quick-report", "Run now: quick-report", "filter-status"]);
  for (let i = 0; i < 120 && wanted.size; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const focused = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(focused);
      return { name: focused.getAttribute("aria-label") ?? (focused.id || focused.textContent), seen: outlineStyle !== "none" && outlineWidth !== "0px" };
    });
    assert.ok(at.seen, `${at.name} shows no focus`);
    wanted.delete(at.name);
    if (at.name === "quick-report") {
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-expanded")), "true");
      await page.keyboard.press("Space");
      assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-expanded")), "false");
    }
    if (at.name === "Run now: quick-report") {
      await page.keyboard.press("Enter");
      await page.locator("#ask input:focus").waitFor();
      await page.keyboard.press("Escape");
      assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), at.name);
    }
  }
  assert.deepEqual([...wanted], []);
  assert.deepEqual(trouble, []);
});

// --- Run ------------------------------------------------------------------------------------------

let failed = 0;
const only = process.argv[2];
for (const { name, run } of tests.filter((each) => !only || each.name.includes(only))) {
  const from = Date.now();
  try {
    await run();
    console.log(`ok      ${name} (${Date.now() - from} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}\n`);
    const page = browser.contexts().at(-1)?.pages().at(-1);
    if (page) await shot(page, `failed-${failed}`).catch(() => {});
  }
  for (const context of browser.contexts()) await context.close();
}
await browser.close();
console.log(failed ? `${failed} of ${tests.length} failed` : `all ${tests.length} passed`);
process.exit(failed ? 1 : 0);
