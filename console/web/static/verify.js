// Checks a signed certificate in the browser: signature (Ed25519), kind, days; and, where there is a network, whether it was withdrawn.
// A module: the reader of QR codes comes with the console (static/qr), since few browsers have one.
import decodeQR from "/static/qr/decode.js";

const LONGEST = 16 * 1024; // characters of a token
const LARGEST = 20 * 1024 * 1024; // bytes of a file
const SIDE = 1600; // pixels: a larger picture is made smaller before a code is looked for
const PATIENCE = 60_000; // milliseconds that the camera looks for a code
const TOKEN = /eyJ[\w-]{10,4000}\.[\w-]{10,8000}\.[\w-]{86}/;
const KINDS = { "clearance+jws": "clearance", "training-certificate+jws": "training" };
const form = document.querySelector("#verify");
const names = JSON.parse(document.querySelector("#names").textContent);

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/verify/worker.js", { scope: "/verify" })
    .then(() => navigator.serviceWorker.ready).then(() => show("#kept")).catch(() => {});
}
form.elements.day.value = today();
form.elements.day.dispatchEvent(new Event("input", { bubbles: true })); // said in words now: a line that came with a click would move its button away
form.addEventListener("submit", (event) => { event.preventDefault(); stopCamera(); check(form.elements.token.value); });
form.elements.file.addEventListener("change", () => readFile(form.elements.file.files[0]));
document.querySelector("#camera").addEventListener("click", readCamera);
document.querySelector("#stop").addEventListener("click", stopCamera);
document.querySelector("#camera").hidden = !navigator.mediaDevices; // a browser hands out its camera under https only

// --- what is handed in -------------------------------------------------------------------------------------------------
async function readFile(file) {
  stopCamera(); // its last word, "unreadable", would take the place of what is found here
  clear();
  if (!file || file.size > LARGEST) return verdict("unreadable");
  const found = file.type.startsWith("image/") ? readCode(await createImageBitmap(file).catch(() => null)) : await writtenIn(file);
  if (!found) return verdict("unreadable");
  form.elements.token.value = found;
  return check(found);
}

// A PDF has the characters beside the code as text.
async function writtenIn(file) {
  return (TOKEN.exec(new TextDecoder("latin1").decode(new Uint8Array(await file.arrayBuffer()))) || [])[0];
}

// What the code in a picture or in the camera's present frame says; null: there is none that can be read.
function readCode(picture) {
  const width = picture?.videoWidth ?? picture?.width, height = picture?.videoHeight ?? picture?.height;
  if (!width || !height) return null;
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  drawing.fillStyle = "#fff"; // under what is transparent
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  try {
    return decodeQR(drawing.getImageData(0, 0, canvas.width, canvas.height));
  } catch {
    return null;
  }
}

async function readCamera() {
  clear();
  const video = document.querySelector("video"), button = document.querySelector("#camera");
  button.disabled = true; // of two cameras, one would stay on
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } } });
  } catch (error) {
    return verdict(error.name === "NotAllowedError" ? "camera-refused" : "no-camera");
  } finally {
    button.disabled = false;
  }
  looking(true);
  const mine = video.srcObject, on = () => video.srcObject === mine; // until it is stopped, at any moment
  try {
    await video.play().catch((error) => { if (on()) throw error; });
    for (const until = Date.now() + PATIENCE; on() && Date.now() < until; ) {
      const found = readCode(video);
      if (found) { form.elements.token.value = found; return await check(found); }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return on() ? verdict("unreadable") : null;
  } finally {
    if (on()) stopCamera();
  }
}

function stopCamera() {
  const video = document.querySelector("video");
  if (!video.srcObject) return;
  video.srcObject.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
  looking(false);
}

function looking(now) {
  document.querySelector("#looking").hidden = !now;
  document.querySelector("#camera").hidden = now;
}

// --- the check ---------------------------------------------------------------------------------------------------------
async function check(typed) {
  clear();
  const token = typed.replace(/\s+/g, "");
  if (!token || token.length > LONGEST) return verdict("unreadable");
  const [head, body, signature, ...more] = token.split(".");
  const header = decoded(head), document = decoded(body);
  if (!header || !document || !signature || more.length) return verdict("unreadable");
  if (!globalThis.crypto?.subtle) return verdict("no-crypto");
  const keys = await publishedKeys();
  if (!keys) return verdict("no-keys");
  const signed = await isSigned(keys, header, `${head}.${body}`, signature);
  if (signed === null) return verdict("no-crypto");
  const kind = Object.hasOwn(KINDS, header.typ) ? KINDS[header.typ] : null;
  if (!signed || !kind) return verdict("forged");
  const found = kind === "clearance" ? clearance(document) : training(document);
  if (!found) return verdict("forged");
  return verdict(found.withdrawn ? "withdrawn" : await standing(kind, document, found), found.facts);
}

function clearance(document) {
  const { placement, worker, worker_no, destination, granted_on, valid_to } = document;
  if (![placement, worker, destination, granted_on, valid_to].every(isText)) return null;
  const facts = { placement, worker: worker_no ? `${worker_no} (${worker})` : worker, destination: named("countries", destination), from: granted_on, until: valid_to };
  return { from: granted_on, until: valid_to, facts };
}

function training(document) {
  const { serial, worker, destination, occupation, minutes, issued_on, valid_to, state, stated_on } = document;
  if (![serial, destination, occupation, issued_on, valid_to, state].every(isText)) return null;
  const facts = { serial, worker, destination: named("countries", destination), occupation: named("occupations", occupation),
    hours: Number.isFinite(minutes) ? String(Math.round(minutes / 6) / 10) : null, from: issued_on, until: valid_to, stated: stated_on };
  return { from: issued_on, until: valid_to, withdrawn: state === "revoked", facts };
}

// In force as far as the days say; a withdrawal is known to the services only.
async function standing(kind, document, found) {
  const day = form.elements.day.value || today();
  if (day < found.from) return "early";
  if (day > found.until) return "expired";
  const path = kind === "clearance" ? `/verify/clearances/${encodeURIComponent(document.placement)}` : `/verify/certificates/${encodeURIComponent(document.serial)}`;
  let now;
  try {
    const answer = await fetch(path, { credentials: "omit" });
    if (!answer.ok) return answer.status === 404 ? "withdrawn" : "valid-offline";
    now = await answer.json();
  } catch {
    return "valid-offline";
  }
  if (day !== today()) return "valid-offline"; // the services answer for today
  if (kind === "training") return now.state === "revoked" ? "withdrawn" : "valid";
  return now.in_force && now.granted_on === found.from && now.valid_to === found.until ? "valid" : "withdrawn";
}

async function publishedKeys() {
  try {
    const answer = await fetch("/verify/keys", { credentials: "omit" });
    return answer.ok ? (await answer.json()).keys : null;
  } catch {
    return null;
  }
}

// True, false, or null where this browser has no Ed25519.
async function isSigned(keys, header, signed, signature) {
  const bytes = fromBase64(signature);
  if (header.alg !== "Ed25519" || !bytes) return false;
  for (const { kty, crv, x } of keys) {
    if (kty !== "OKP" || crv !== "Ed25519") continue;
    try {
      const key = await crypto.subtle.importKey("jwk", { kty, crv, x }, "Ed25519", false, ["verify"]);
      if (await crypto.subtle.verify("Ed25519", key, bytes, new TextEncoder().encode(signed))) return true;
    } catch (error) {
      if (error.name === "NotSupportedError") return null;
    }
  }
  return false;
}

// --- parts -------------------------------------------------------------------------------------------------------------
function decoded(part) {
  try {
    const found = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(fromBase64(part)));
    return found && typeof found === "object" && !Array.isArray(found) ? found : null;
  } catch {
    return null;
  }
}

function fromBase64(text) {
  if (!/^[\w-]+$/.test(text || "")) return null;
  try {
    return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  } catch {
    return null;
  }
}

function isText(value) { return typeof value === "string" && value.length > 0 && value.length <= 200; }

function named(list, code) { return Object.hasOwn(names[list], code) ? `${names[list][code]} (${code})` : code; }

// The day it is: where a calendar is played, the newest day of it.
function today() { return form.elements.day.dataset.today || localDay(); }

function localDay() {
  const now = new Date();
  return [now.getFullYear(), String(now.getMonth() + 1).padStart(2, "0"), String(now.getDate()).padStart(2, "0")].join("-");
}

function show(selector) { document.querySelector(selector).hidden = false; }

function clear() {
  document.querySelectorAll("[data-verdict], #facts").forEach((one) => (one.hidden = true));
}

function verdict(state, facts = {}) {
  clear();
  document.querySelector(`[data-verdict="${state}"]`).hidden = false;
  document.querySelectorAll("[data-fact]").forEach((row) => {
    const value = facts[row.dataset.fact];
    row.hidden = !value;
    row.querySelector("dd").textContent = value || "";
  });
  document.querySelector("#facts").hidden = !Object.keys(facts).length;
  document.querySelector("#result").focus();
}
