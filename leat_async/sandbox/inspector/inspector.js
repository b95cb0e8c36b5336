"use strict";
// The inspector of the sandbox: no library, no build step. All text goes in as text, never as HTML.
const ROW = 28; // pixels, as in the style sheet
const KEPT = 10000; // requests, as in the journal
const $ = (id) => document.getElementById(id);

// As leat_async/written.py has it, which the sandbox does not import: what would turn the line reads \u202e.
function spelledOut(text) {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (found) => {
    const code = found.charCodeAt(0);
    if (code === 13) return "\\r";
    return code < 256 ? "\\x" + code.toString(16).padStart(2, "0") : "\\u" + code.toString(16).padStart(4, "0");
  });
}

function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    const given = typeof value === "string" && name !== "value" ? spelledOut(value) : value;
    if (name in node) node[name] = given;
    else node.setAttribute(name, given);
  }
  node.append(...children.map((child) => (typeof child === "string" ? spelledOut(child) : (child ?? ""))));
  return node;
}

async function ask(method, path, body) {
  const options = { method, headers: { "Content-Type": "application/json" } };
  if (method !== "GET") options.body = JSON.stringify(body ?? {});
  const answer = await fetch("/_sandbox/" + path, options);
  const told = await answer.json();
  if (!answer.ok) throw new Error(spelledOut(told.message));
  return told.data;
}

const when = (seconds) => new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19);
const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
const show = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function table(names, rows, cells) {
  const head = make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)));
  const body = rows.map((row) => make("tr", {}, ...cells(row).map((cell) => make("td", typeof cell === "string" ? { title: cell } : {}, cell))));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
}

function later(work, milliseconds = 200) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, milliseconds);
  };
}

// -- sections ------------------------------------------------------------------------------------

const tabs = [...document.querySelectorAll('[role="tab"]')];
const opened = {};
function open(tab) {
  for (const one of tabs) {
    const chosen = one === tab;
    one.setAttribute("aria-selected", String(chosen));
    one.tabIndex = chosen ? 0 : -1;
    $(one.getAttribute("aria-controls")).hidden = !chosen;
  }
  const name = tab.getAttribute("aria-controls");
  opened[name]?.();
}
function choosing(tab) {
  open(tab);
  tab.focus();
  history.replaceState(null, "", "#" + tab.getAttribute("aria-controls"));
}
for (const [index, tab] of tabs.entries()) {
  tab.addEventListener("click", () => choosing(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) choosing(tabs[(index + step + tabs.length) % tabs.length]);
  });
}
const isOpen = (name) => !$(name).hidden;

// -- traffic: only the rows in view are in the page ----------------------------------------------

const list = $("traffic-list");
const fill = list.firstElementChild;
let entries = [];
let shown = [];
let chosen = null;
let total = 0;

function matches(row) {
  const wanted = $("traffic-search").value.trim().toLowerCase();
  return !wanted || row.slice(2, 8).join(" ").toLowerCase().includes(wanted);
}

function draw() {
  fill.style.height = shown.length * ROW + "px";
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 5);
  const last = Math.min(shown.length, first + Math.ceil(list.clientHeight / ROW) + 10);
  const rows = [];
  for (let index = first; index < last; index++) {
    const [number, , method, path, operation, status, took, fault, noted] = shown[index];
    const colour = status === null ? "warn" : status < 400 ? "good" : "bad";
    const node = make(
      "div",
      { className: "row", role: "option", id: "entry-" + number },
      make("span", { className: "dim wide" }, String(number)),
      make("span", {}, method),
      make("span", { title: path }, path.replace("/api/v3/oauth/clients/", "/").replace("/api/v3/register/", "register /")),
      make("span", { className: "wide" }, (operation ?? "") + (noted ? " ✎" : "") + (fault ? " ⚡" : "")),
      make("span", { className: colour }, status === null ? "no answer" : String(status)),
      make("span", { className: "dim wide" }, took === null ? "" : took + " ms"),
    );
    node.style.top = index * ROW + "px";
    node.setAttribute("aria-selected", String(number === chosen));
    node.addEventListener("click", () => choose(number));
    rows.push(node);
  }
  fill.replaceChildren(...rows);
  list.setAttribute("aria-activedescendant", chosen === null ? "" : "entry-" + chosen);
  $("traffic-count").textContent = `${shown.length} of ${counted(total, "request")}`;
}

let drawing = 0;
function redraw() {
  drawing ||= requestAnimationFrame(() => {
    drawing = 0;
    draw();
  });
}

function follow() {
  if ($("traffic-follow").checked) list.scrollTop = shown.length * ROW;
}

function add(rows) {
  entries.push(...rows);
  shown.push(...rows.filter(matches));
  if (entries.length > KEPT) {
    entries = entries.slice(-KEPT);
    shown = entries.filter(matches);
  }
  fill.style.height = shown.length * ROW + "px";
  follow();
  redraw();
}

function filter() {
  shown = entries.filter(matches);
  follow();
  redraw();
}

function quoted(text) {
  return "'" + text.replaceAll("'", "'\\''") + "'";
}

function curl(entry) {
  const parts = ["curl", "-X", entry.method, quoted(location.origin + entry.path + (entry.query ? "?" + entry.query : ""))];
  parts.push("-H", '"Authorization: Bearer $LEAT_ACCESS_TOKEN"');
  if (entry.body) parts.push("-H", quoted("Content-Type: " + entry.content_type), "--data-binary", quoted(entry.body));
  return parts.join(" ");
}

async function choose(number) {
  chosen = number;
  $("traffic-follow").checked = false;
  redraw();
  const [entry] = await ask("GET", "journal?number=" + number);
  if (number !== chosen) return;
  const detail = $("traffic-detail");
  if (!entry) return detail.replaceChildren(make("p", {}, "This request is no longer kept."));
  const copy = make("button", { type: "button" }, "Copy as curl");
  copy.addEventListener("click", () => navigator.clipboard?.writeText(curl(entry)));
  const parts = [
    make("h2", {}, `${entry.method} ${entry.path}`),
    make("p", {}, `${when(entry.at)} · ${entry.operation ?? "no operation"} · ${entry.certainty ?? ""}`),
    make("p", {}, `${entry.status ?? "no answer"} · ${entry.milliseconds ?? "…"} ms · applied: ${entry.applied}`),
  ];
  if (entry.fault) parts.push(make("p", { className: "warn" }, "Fault: " + entry.fault));
  for (const note of entry.notes) parts.push(make("p", { className: "warn" }, "Note: " + note));
  if (entry.query) parts.push(make("h2", {}, "Query"), make("pre", { tabIndex: 0 }, decodeURIComponent(entry.query.replaceAll("%", "%25")).replaceAll("&", "\n")));
  if (entry.body) parts.push(make("h2", {}, "Request"), make("p", { className: "dim" }, entry.content_type), make("pre", { tabIndex: 0 }, pretty(entry.body)));
  parts.push(make("h2", {}, "Answer"), make("pre", { tabIndex: 0 }, pretty(entry.answer)), make("h2", {}, "curl"), make("pre", { tabIndex: 0 }, curl(entry)), copy);
  detail.replaceChildren(...parts);
}

list.addEventListener("scroll", redraw, { passive: true });
list.addEventListener("keydown", (event) => {
  const page = Math.floor(list.clientHeight / ROW);
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
  if (event.key === "Enter") return $("traffic-detail").focus();
  if (!(event.key in steps) || !shown.length) return;
  event.preventDefault();
  const at = shown.findIndex((row) => row[0] === chosen);
  const next = at < 0 ? shown.length - 1 : Math.min(shown.length - 1, Math.max(0, at + steps[event.key]));
  if (next * ROW < list.scrollTop) list.scrollTop = next * ROW;
  if ((next + 1) * ROW > list.scrollTop + list.clientHeight) list.scrollTop = (next + 1) * ROW - list.clientHeight;
  choose(shown[next][0]);
});
$("traffic-search").addEventListener("input", later(filter));
$("traffic-follow").addEventListener("change", filter);
$("traffic-clear").addEventListener("click", async () => {
  await ask("DELETE", "journal");
  entries = [];
  chosen = null;
  filter();
});
addEventListener("resize", redraw);
opened.traffic = redraw;

// -- the account ---------------------------------------------------------------------------------

const FIRST = ["uuid", "email", "name", "title", "code", "value", "credits", "prepaid_cents", "amount_in_cents", "status", "type", "created_at"];
let page = 1;

async function account() {
  const choice = $("account-table");
  if (!choice.options.length) {
    const names = await ask("GET", "tables");
    choice.replaceChildren(...names.sort().map((name) => make("option", { value: name }, name)));
    choice.value = "contacts";
  }
  const query = new URLSearchParams({ table: choice.value, search: $("account-search").value, page });
  const found = await ask("GET", "rows?" + query);
  const names = [...new Set(found.rows.flatMap((row) => Object.keys(row)))];
  const columns = [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))].slice(0, 12);
  $("account-rows").replaceChildren(
    table(["", ...columns], found.rows, (row) => {
      const look = make("button", { type: "button" }, choice.value === "contacts" ? "Timeline" : "Show");
      look.addEventListener("click", () => (choice.value === "contacts" ? timeline(row) : detail(row)));
      return [look, ...columns.map((name) => (name.endsWith("_at") && typeof row[name] === "number" ? when(row[name]) : show(row[name])))];
    }),
  );
  $("account-count").textContent = `${counted(found.total, "row")}, page ${page} of ${Math.max(1, Math.ceil(found.total / found.size))}`;
  $("account-back").disabled = page <= 1;
  $("account-next").disabled = page * found.size >= found.total;
}

function detail(row, ...more) {
  $("account-detail").replaceChildren(make("h2", {}, row.email ?? row.uuid), ...more, make("pre", { tabIndex: 0 }, JSON.stringify(row, null, 2)));
  $("account-detail").focus();
}

async function timeline(row) {
  const events = await ask("GET", "timeline?contact_uuid=" + encodeURIComponent(row.uuid));
  const balances = make("p", {}, `${counted(row.credits, "credit")} · ${(row.prepaid_cents / 100).toFixed(2)} prepaid`);
  const told = (one) => show(one.credits ?? one.amount_in_cents ?? one.status ?? one.value ?? one.external_id ?? one.code);
  detail(row, balances, table(["When", "What", "", "uuid"], events, (one) => [when(one.row.created_at), one.table, told(one.row), one.row.uuid]));
}

const look = later(account);
$("account-table").addEventListener("change", () => { page = 1; account(); });
$("account-search").addEventListener("input", () => { page = 1; look(); });
$("account-back").addEventListener("click", () => { page -= 1; account(); });
$("account-next").addEventListener("click", () => { page += 1; account(); });
opened.account = account;

// -- faults --------------------------------------------------------------------------------------

let names = null;
async function known() {
  names ??= await ask("GET", "names");
  if (!$("faults-kind").options.length) {
    $("faults-kind").replaceChildren(...names.kinds.map((name) => make("option", { value: name }, name)));
    $("operations").replaceChildren(...["*", ...names.operations, ...names.events].map((name) => make("option", { value: name })));
    $("webhooks-event").replaceChildren(...names.events.map((name) => make("option", { value: name }, name)));
  }
}

async function faults() {
  await known();
  const rules = await ask("GET", "faults");
  $("faults-rules").replaceChildren(
    table(["", "Kind", "Operation", "Hits", "Rule"], rules, (rule) => {
      const off = make("button", { type: "button" }, "Switch off");
      off.addEventListener("click", async () => { await ask("DELETE", "faults?id=" + rule.id); faults(); });
      const { id, kind, operation, calls, fired, ...rest } = rule;
      const told = Object.entries(rest).filter(([, value]) => value !== null && value !== "" && show(value) !== "[]");
      return [off, kind, operation, `${fired} of ${calls}`, told.map(([name, value]) => `${name}=${show(value)}`).join(" ")];
    }),
  );
}
$("faults-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("faults-problem").textContent = "";
  try {
    await ask("POST", "faults", { rule: `${$("faults-kind").value} ${$("faults-operation").value} ${$("faults-options").value}` });
  } catch (problem) {
    $("faults-problem").textContent = problem.message;
  }
  faults();
});
$("faults-clear").addEventListener("click", async () => { await ask("DELETE", "faults"); faults(); });
opened.faults = faults;

// -- webhooks ------------------------------------------------------------------------------------

async function webhooks() {
  await known();
  const found = await ask("GET", "deliveries?last=200");
  $("webhooks-rows").replaceChildren(
    table(["", "No.", "State", "Event", "Attempts", "To", "Payload"], found.reverse(), (one) => {
      const again = make("button", { type: "button" }, "Resend");
      again.addEventListener("click", async () => { await ask("POST", "deliveries/resend", { number: one.number }); webhooks(); });
      const tries = one.attempts.map((attempt) => attempt.status ?? attempt.error).join(", ");
      const state = make("span", { className: one.state === "delivered" ? "good" : one.state === "waiting" ? "warn" : "bad" }, one.state);
      const body = make("details", {}, make("summary", {}, one.certainty), make("pre", {}, pretty(one.body)), make("p", {}, "Signature: " + one.signature));
      return [again, String(one.number), state, one.event, one.note ?? tries, one.url, body];
    }),
  );
}
$("webhooks-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = $("webhooks-said");
  try {
    const made = await ask("POST", "trigger", { event: $("webhooks-event").value });
    said.textContent = made.length ? `${made.length} to deliver` : "no active subscription to this event";
  } catch (problem) {
    said.textContent = problem.message;
  }
  webhooks();
});
opened.webhooks = webhooks;

// -- clock and routes ----------------------------------------------------------------------------

let now = 0;
let read = 0;
function tick() {
  if (now) $("clock-now").textContent = when(now + (performance.now() - read) / 1000) + " UTC";
}
function setNow(value) {
  now = value;
  read = performance.now();
  tick();
}
async function advance(seconds) {
  setNow((await ask("POST", "clock/advance", { seconds })).now);
}
for (const button of document.querySelectorAll("[data-seconds]")) button.addEventListener("click", () => advance(Number(button.dataset.seconds)));
$("clock-form").addEventListener("submit", (event) => {
  event.preventDefault();
  advance(Number($("clock-seconds").value));
});
$("reset").addEventListener("click", () => ask("POST", "reset"));
setInterval(tick, 500);

let routes = null;
async function drawRoutes() {
  routes ??= await ask("GET", "routes");
  const wanted = $("routes-search").value.trim().toLowerCase();
  const found = routes.filter((route) => [route.operation, route.method, ...route.paths, route.certainty].join(" ").toLowerCase().includes(wanted));
  $("routes-rows").replaceChildren(
    table(["Operation", "Certainty", "Method", "Paths", "Parameters"], found, (route) => [
      route.operation,
      make("span", { className: route.certainty === "documented" ? "good" : route.certainty === "assumed" ? "bad" : "warn" }, route.certainty),
      route.method,
      route.paths.join("  "),
      route.parameters.map((one) => one.name + (one.required ? "*" : "")).join(", "),
    ]),
  );
}
$("routes-search").addEventListener("input", later(drawRoutes));
opened.routes = drawRoutes;

// -- what the server tells -----------------------------------------------------------------------

const refresh = later(() => {
  if (isOpen("account")) account();
  if (isOpen("faults")) faults();
}, 700);
let last = {};

async function load() {
  entries = await ask("GET", "journal/brief");
  total = entries.length;
  filter();
}

function listen() {
  const source = new EventSource("/_sandbox/events");
  source.onopen = load;
  source.onmessage = (message) => {
    const told = JSON.parse(message.data);
    total = told.total;
    setNow(told.now);
    if (last.resets !== undefined && told.resets !== last.resets) {
      entries = [];
      chosen = null;
      filter();
    }
    const newest = entries.length ? entries[entries.length - 1][0] : 0;
    add(told.rows.filter((row) => row[0] > newest || !entries.some((one) => one[0] === row[0])));
    if (told.deliveries !== last.deliveries && isOpen("webhooks")) webhooks();
    if (told.rows.length || told.faults !== last.faults) refresh();
    last = told;
    $("state").textContent = `${counted(told.total, "request")} · ${counted(told.faults, "fault")} · ${location.host}`;
  };
  source.onerror = () => {
    $("state").textContent = "the sandbox does not answer";
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 1000); // after a refusal no browser tries again
  };
}

listen();
open(tabs.find((tab) => "#" + tab.getAttribute("aria-controls") === location.hash) ?? tabs[0]);
