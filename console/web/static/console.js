// What pages do beyond plain HTML. Every page works without it, except that a form then leaves the page to be sent.
"use strict";

// --- forms: sent from the page, so that a lost connection or a refused field loses nothing that was typed ---------------
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-form]")) return;
  event.preventDefault();
  if (form.dataset.busy) return; // a double click; sent twice it would be the same command anyhow, by its key
  check.abort();
  form.dataset.busy = "1";
  const buttons = form.querySelectorAll("button");
  buttons.forEach((one) => (one.disabled = true));
  const sent = typed(form);
  try {
    const answer = await post(form, {});
    if (answer === null) return;
    const target = answer.headers.get("x-location");
    if (answer.status === 204 && target) { location.assign(target); return; }
    await redraw(form, await answer.text(), sent);
  } finally {
    delete form.dataset.busy;
    buttons.forEach((one) => (one.disabled = false));
  }
});

async function post(form, extra, signal) { // null: not answered, or no longer waited for
  const data = new FormData(form);
  for (const [name, value] of Object.entries(extra)) data.set(name, value);
  const body = form.enctype === "multipart/form-data" ? data : new URLSearchParams(data);
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Form": "1" }, signal });
    connection(true);
    return answer;
  } catch {
    if (!signal?.aborted) connection(false);
    return null;
  }
}

function typed(form) { // all that a form holds
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string")).toString();
}

async function redraw(form, html, sent) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const fresh = page.querySelector("form[data-form]");
  if (page.querySelector("[data-answer]")) {
    document.getElementById("content").replaceChildren(...[...page.getElementById("content").children].map((one) => document.importNode(one, true)));
    document.querySelector("[data-answer]").focus();
    return;
  }
  if (fresh && typed(form) === sent) {
    const drawn = document.importNode(fresh, true);
    form.replaceWith(drawn);
    drawn.querySelectorAll("input[type=date]").forEach(sayDay);
  } else if (fresh) { // somebody went on typing while it was sent
    showMessage(form, fresh.querySelector(".problem"));
    form.querySelectorAll("[data-field]").forEach((one) => markField(form, one.dataset.field, page));
  } else showMessage(form, page.querySelector("main"));
  const first = document.querySelector("[role=alert], [aria-invalid=true]");
  if (!first) return;
  if (first.matches("[role=alert]")) first.tabIndex = -1;
  first.focus();
}

function showMessage(form, message) {
  form.querySelector(".problem")?.remove();
  const box = document.createElement("div");
  box.className = "problem";
  box.setAttribute("role", "alert");
  box.append(...(message ? [...message.children].map((one) => document.importNode(one, true)) : []));
  box.querySelector(".buttons")?.remove(); // a link leads away from the form that is filled in
  form.prepend(box);
}

function connection(well) {
  document.getElementById("connection").hidden = well;
}

// --- live checks: what the service would refuse is said when a field is left, for the fields left so far --------------------
const left = new WeakMap(); // form -> names of fields that were left
let check = new AbortController(); // of the newest check: the answer to an older one, or to one before the form was sent, says nothing any more
document.addEventListener("change", async (event) => {
  const form = event.target.form;
  if (!form?.matches("[data-live-check]") || !event.target.name) return;
  if (!left.has(form)) left.set(form, new Set());
  const field = event.target.closest("[data-field]");
  if (field) left.get(form).add(field.dataset.field);
  if (form.dataset.busy) return;
  check.abort();
  const mine = (check = new AbortController());
  const answer = await post(form, { _check: "1" }, mine.signal);
  if (answer === null || ![204, 403, 404, 409, 422].includes(answer.status)) return;
  const html = await answer.text().catch(() => "");
  if (mine.signal.aborted || !form.isConnected) return;
  const page = answer.status === 204 ? null : new DOMParser().parseFromString(html, "text/html");
  for (const name of left.get(form)) markField(form, name, page);
});

function markField(form, name, page) {
  const selector = `[data-field="${CSS.escape(name)}"]`;
  const now = form.querySelector(selector);
  if (!now || now.querySelector("[data-field]")) return;
  const error = page?.querySelector(`${selector} .error`);
  now.classList.toggle("wrong", Boolean(error));
  now.querySelector(".error")?.remove();
  const input = now.querySelector("input:not([type=hidden]), select, textarea");
  input?.toggleAttribute("aria-invalid", false);
  if (!error) return;
  let more = now.querySelector(".more");
  if (!more) {
    more = document.createElement("p");
    more.className = "more";
    more.id = `${input.id}-more`;
    now.append(more);
    input.setAttribute("aria-describedby", more.id);
  }
  more.prepend(document.importNode(error, true));
  more.setAttribute("aria-live", "polite");
  input.setAttribute("aria-invalid", "true");
}

// --- an identity number holds the birth date and the sex: filled in where nobody did ------------------------------------------
document.addEventListener("change", (event) => {
  const [, year, month, day, order] = (event.target.name === "id_number" && event.target.value.trim().match(/^\d{6}(\d{4})(\d\d)(\d\d)\d\d(\d)[\dXx]$/)) || [];
  if (!year) return;
  for (const [name, value] of [["birth_date", `${year}-${month}-${day}`], ["sex", order % 2 ? "male" : "female"]]) {
    const field = event.target.form?.elements[name];
    if (!field || (field.value && field.value !== field.dataset.derived)) continue; // somebody typed it
    field.value = field.dataset.derived = value;
  }
}, true);

// --- the menu scrolls by itself: the entry of the page that is open is in sight, and the page stays where it is ---------------------
const entry = document.querySelector(".menu [aria-current]");
if (entry) entry.closest(".menu").scrollTop = entry.offsetTop - entry.closest(".menu").clientHeight / 2;

// --- a day in words: a browser shows the field in its own language, which need not be the page's -------------------------------
function sayDay(input) {
  const field = input.closest(".field, .simulated");
  if (!field) return;
  let words = field.querySelector(`output[for="${CSS.escape(input.id)}"]`);
  if (!words) {
    words = document.createElement("output");
    words.className = "hint";
    words.htmlFor = input.id;
    input.after(words);
  }
  const day = new Date(`${input.value}T00:00:00Z`); // as it is written, in whatever zone the browser is
  words.textContent = Number.isNaN(day.getTime()) ? "" : day.toLocaleDateString(document.documentElement.lang, { dateStyle: "long", timeZone: "UTC" });
}
document.addEventListener("input", (event) => { if (event.target.matches?.("input[type=date]")) sayDay(event.target); });
document.addEventListener("change", (event) => event.target.form?.querySelectorAll("input[type=date]").forEach(sayDay)); // an identity number fills one in
document.querySelectorAll(":is(.field, .simulated) input[type=date]").forEach(sayDay);

// --- rows of a list ---------------------------------------------------------------------------------------------------------
document.addEventListener("click", (event) => {
  const add = event.target.closest("[data-add-row]");
  if (add) addRow(add.closest("[data-rows]"));
  event.target.closest("[data-remove-row]")?.closest(".row").remove();
  event.target.closest("[data-remove-chip]")?.closest(".chip").remove();
});

function addRow(rows) {
  const name = rows.dataset.rows;
  const used = [...rows.querySelectorAll("[name]")].map((one) => Number(one.name.slice(name.length + 1).split(".")[0]));
  const holder = document.createElement("div");
  holder.innerHTML = rows.querySelector("template").innerHTML.replaceAll("__row__", String(Math.max(-1, ...used) + 1));
  rows.querySelector("template").before(...holder.children);
  rows.querySelector(".row:last-of-type input, .row:last-of-type select")?.focus();
}

// --- names looked for while typing: a combobox as the ARIA practices describe it ---------------------------------------------
let open = null; // {input, list, items, at}
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-choice]")) suggest(event.target);
});
document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.("[data-choice]") || !open || open.input !== event.target) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    select((open.at + (event.key === "ArrowDown" ? 1 : -1) + open.items.length) % open.items.length);
  } else if (event.key === "Enter" && open.at >= 0) {
    event.preventDefault();
    choose(open.items[open.at]);
  } else if (event.key === "Escape") close();
});
document.addEventListener("keydown", (event) => { // Enter before the names are there does not send the form
  if (event.key === "Enter" && event.target.matches?.("[data-choice]") && "waiting" in event.target.dataset) event.preventDefault();
}, true);
document.addEventListener("focusout", (event) => { if (open?.input === event.target) setTimeout(close, 150); });

async function suggest(input) {
  const wanted = input.value.trim();
  if (!wanted) return close();
  let found;
  input.dataset.waiting = wanted;
  try {
    found = await (await fetch(`/choices/${input.dataset.choice}?q=${encodeURIComponent(wanted)}`)).json();
  } catch {
    return close();
  } finally {
    if (input.dataset.waiting === wanted) delete input.dataset.waiting;
  }
  if (input.value.trim() !== wanted) return; // an answer that came too late
  close();
  if (!found.length || document.activeElement !== input) return;
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.dataset.wanted = wanted;
  list.id = `${input.id}-list`;
  list.setAttribute("role", "listbox");
  found.forEach((one, at) => {
    const item = document.createElement("li");
    item.id = `${list.id}-${at}`;
    item.setAttribute("role", "option");
    item.textContent = one.label;
    item.addEventListener("mousedown", (event) => { event.preventDefault(); choose(one); });
    list.append(item);
  });
  for (const [name, value] of [["role", "combobox"], ["aria-expanded", "true"], ["aria-controls", list.id], ["aria-autocomplete", "list"]]) input.setAttribute(name, value);
  input.after(list);
  open = { input, list, items: found, at: -1 };
}

function select(at) {
  open.at = at;
  [...open.list.children].forEach((one, index) => one.setAttribute("aria-selected", String(index === at)));
  open.input.setAttribute("aria-activedescendant", `${open.list.id}-${at}`);
  open.list.children[at].scrollIntoView({ block: "nearest" });
}

function choose(one) {
  const input = open.input;
  close();
  if ("several" in input.dataset) {
    addChip(input, one);
    input.value = "";
  } else input.value = one.label;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function addChip(input, one) {
  const chips = input.closest(".field").querySelector(".chips");
  if ([...chips.querySelectorAll("input")].some((chip) => chip.value === one.code)) return;
  const chip = document.createElement("span");
  chip.className = "chip";
  const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: chips.dataset.chips, value: one.code });
  const remove = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "×" });
  remove.dataset.removeChip = "";
  remove.setAttribute("aria-label", `× ${one.label}`);
  chip.append(hidden, `${one.label} `, remove);
  chips.append(chip);
}

function close() {
  if (!open) return;
  open.list.remove();
  open.input.removeAttribute("aria-activedescendant");
  open.input.setAttribute("aria-expanded", "false");
  open = null;
}

// --- the digest of a file that stays on this computer -------------------------------------------------------------------------
document.addEventListener("change", async (event) => {
  const file = event.target.matches?.("[data-digest]") ? event.target.files[0] : null;
  if (!file) return;
  const input = document.getElementById(event.target.dataset.digest);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  input.value = [...digest].map((one) => one.toString(16).padStart(2, "0")).join("");
  input.dispatchEvent(new Event("change", { bubbles: true }));
});

// --- how many notifications are unread: asked after the page is there, so that no page waits for it -----------------------------
// A count that could not be read is named as such at its place, and asked for again when somebody wants it.
const inbox = document.querySelector("[data-unread]");
const countAgain = document.querySelector("[data-count-again]");
async function countUnread() {
  countAgain.disabled = true;
  const found = (await counted("/inbox/unread", (answer) => answer.json())) ?? { unread: 0, whole: false, label: inbox.dataset.uncounted };
  inbox.textContent = found.label;
  inbox.classList.toggle("new", found.unread > 0);
  countAgain.hidden = found.whole;
  countAgain.disabled = false;
}
if (inbox) {
  countAgain.addEventListener("click", countUnread);
  countUnread();
}

async function counted(address, read) { // null where the console, a session or the line is away
  try {
    const answer = await fetch(address, { headers: { "X-Form": "1" } });
    return answer.ok ? await read(answer) : null;
  } catch {
    return null;
  }
}

// --- what waits for the visitor, on the first page -----------------------------------------------------------------------------
const tasks = document.querySelector("[data-waiting]");
async function countTasks() {
  const pieceOf = (name) => document.querySelector(`template[${name}]`).content.cloneNode(true);
  tasks.replaceChildren(pieceOf("data-counting"));
  const html = await counted("/waiting", (answer) => answer.text());
  if (html === null) tasks.replaceChildren(pieceOf("data-not-counted"));
  else tasks.replaceChildren(...[...new DOMParser().parseFromString(html, "text/html").body.children].map((one) => document.importNode(one, true)));
}
if (tasks) {
  tasks.addEventListener("click", (event) => { if (event.target.closest("[data-load-again]")) countTasks(); });
  countTasks();
}

// --- sheets: Enter and the arrows go from learner to learner, a column's button fills in whoever is empty ------------------------
document.addEventListener("keydown", (event) => {
  const cell = event.target.matches?.("[data-sheet] td input") ? event.target.closest("td") : null;
  if (!cell || !["Enter", "ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  const row = event.key === "ArrowUp" ? cell.parentElement.previousElementSibling : cell.parentElement.nextElementSibling;
  const next = row?.children[cell.cellIndex]?.querySelector("input");
  next?.focus();
  next?.select();
});
document.addEventListener("click", (event) => {
  const fill = event.target.closest("[data-fill]");
  if (!fill) return;
  const cells = fill.closest("table").querySelectorAll(`input[name^="${CSS.escape(fill.dataset.fill)}."]`);
  cells.forEach((one) => { if (!one.value) one.value = fill.dataset.value; });
  cells[0]?.dispatchEvent(new Event("change", { bubbles: true }));
});

// --- files: dropped or chosen, sent with progress, sent again by itself when the connection was lost ------------------------------
document.addEventListener("change", (event) => { if (event.target.matches?.("input[type=file]")) nameFile(event.target); });
function nameFile(input) {
  const shown = document.querySelector(`output[for="${CSS.escape(input.id)}"]`);
  if (shown) shown.textContent = input.files[0]?.name ?? shown.dataset.none;
}
function dropped(input, files) {
  input.files = files;
  nameFile(input);
}
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    const zone = event.target.closest?.("[data-drop]");
    if (!zone) return;
    event.preventDefault();
    zone.classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files.length) dropped(zone.querySelector("input"), event.dataTransfer.files);
  });
}
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-upload]") || event.submitter?.dataset.native !== undefined) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  const status = form.querySelector(".sending");
  status.hidden = false;
  const asking = "progress" in form.dataset && event.submitter.value === "enter" ? setInterval(() => askProgress(form, status), 1500) : 0;
  try {
    let html = null;
    while ((html = await sendFile(form, event.submitter.value, status)) === null) {
      say(status, status.dataset.lost);
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const result = fresh.getElementById("upload-result") ?? fresh.querySelector("main");
    document.getElementById("upload-result").replaceChildren(...[...result.children].map((one) => document.importNode(one, true)));
    document.getElementById("upload-result").focus();
  } finally {
    clearInterval(asking);
    status.hidden = true;
    delete form.dataset.busy;
  }
});

function sendFile(form, step, status) { // the answered page; null where the connection or a service is away
  const data = new FormData(form);
  data.set("step", step);
  const request = new XMLHttpRequest();
  return new Promise((resolve) => {
    request.upload.onprogress = (event) => say(status, status.dataset.sending.replace("{percent}", Math.floor((event.loaded / event.total) * 100)), event.loaded, event.total);
    request.upload.onload = () => say(status, status.dataset.working);
    request.onload = () => resolve([502, 503, 504].includes(request.status) ? null : request.responseText);
    request.onerror = () => resolve(null);
    request.open("POST", form.action);
    request.setRequestHeader("X-Form", "1");
    request.send(data);
  });
}

async function askProgress(form, status) {
  try {
    const now = await (await fetch(`${form.dataset.upload}/progress`)).json();
    if (now && form.dataset.busy) say(status, status.dataset.rows.replace("{done}", now.done).replace("{rows}", now.rows), now.done, now.rows);
  } catch { /* the next one may be answered */ }
}

function say(status, words, value, most) {
  status.querySelector("span").textContent = words;
  const bar = status.querySelector("progress");
  if (most) { bar.max = most; bar.value = value; } else bar.removeAttribute("value");
}

// --- the board: what stats publishes, as it happens; parts of the page are read again when something in them has changed ------
const board = document.querySelector("[data-board]");
if (board) {
  const slider = board.querySelector("[data-steps]");
  const steps = slider.dataset.steps.split("|");
  slider.addEventListener("input", () => { board.querySelector("[data-step-name]").textContent = steps[slider.value] ?? ""; });
  slider.addEventListener("change", () => slider.form.requestSubmit());
  board.querySelector("#year").addEventListener("change", (event) => event.target.form.requestSubmit());
  if (board.dataset.stream) followBoard(board.dataset.stream);
}

function followBoard(address) {
  const pause = 2000; // ms between two readings of a part: many figures are published at once
  const waiting = new Map(); // part -> timer, or the time of its last reading
  const list = board.querySelector("[data-ticker]");
  const state = board.querySelector("[data-live]");
  const source = new EventSource(address);
  const say = (there) => {
    state.textContent = there ? list.dataset.liveThere : list.dataset.liveLost;
    state.className = there ? "tag good" : "tag late";
  };
  source.addEventListener("connected", () => say(true));
  source.addEventListener("lost", () => say(false));
  source.addEventListener("error", () => say(false));
  source.addEventListener("missed", () => board.querySelectorAll("[data-part]").forEach((one) => read(one.dataset.part)));
  source.addEventListener("happened", (event) => {
    const { line, time, parts } = JSON.parse(event.data);
    const item = document.createElement("li");
    const at = document.createElement("time");
    at.dateTime = time;
    at.textContent = new Date(time).toLocaleTimeString(document.documentElement.lang, { timeZone: "Asia/Shanghai" }); // as every other time here
    item.append(at, " ", line);
    item.dataset.number = event.lastEventId;
    list.prepend(item);
    while (list.children.length > 50) list.lastElementChild.remove();
    parts.forEach(read);
  });

  function read(part) {
    const last = waiting.get(part) ?? 0;
    if (typeof last !== "number") return; // it is waited for already
    const wait = Math.max(0, last + pause - performance.now());
    waiting.set(part, { timer: setTimeout(async () => {
      waiting.set(part, performance.now());
      await replacePart(part);
    }, wait) });
  }
}

async function replacePart(part) {
  const place = board.querySelector(`[data-part="${part}"]`);
  if (!place || place.contains(document.activeElement)) return; // whoever reads with the keyboard is not thrown out
  try {
    const answer = await fetch(`${board.dataset.board}/parts/${part}${board.dataset.query}`);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const open = [...place.querySelectorAll("details")].map((one) => one.open);
    place.replaceChildren(...[...page.body.childNodes].map((one) => document.importNode(one, true)));
    place.querySelectorAll("details").forEach((one, at) => { if (open[at]) one.open = true; });
    place.dataset.read = Date.now();
    connection(true);
  } catch {
    connection(false);
  }
}

document.querySelector("form[data-send-at-once]")?.submit(); // a logout goes on to where the accounts are kept
