// Keeps the page /verify, its script and the published keys, so that a certificate can be checked where there is no network.
// What can be fetched is fetched and kept; what cannot is taken from what was kept.
"use strict";

const KEPT = "verify-2";
const PAGES = ["/verify", "/verify?language=zh", "/verify?language=en", "/verify?language=ja"];
const FILES = [
  "/static/verify.js", "/static/qr/decode.js", "/static/qr/index.js", "/static/console.js", "/static/console.css", "/static/icon.svg", "/verify/keys",
];

self.addEventListener("install", (event) => {
  event.waitUntil(keepAll().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOthers().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { method, url, mode } = event.request;
  const { origin, pathname, search } = new URL(url);
  if (method !== "GET" || origin !== self.location.origin) return;
  const page = mode === "navigate" && pathname === "/verify";
  if (page || FILES.includes(pathname)) event.respondWith(fetchedOrKept(event.request, page ? pathname + search : pathname));
});

async function keepAll() {
  const cache = await caches.open(KEPT);
  // Without cookies: the language that somebody chose stays as it is.
  await Promise.all([...PAGES, ...FILES].map(async (path) => keep(cache, path, await fetch(path, { credentials: "omit", cache: "reload" }))));
}

async function keep(cache, path, answer) {
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  await cache.put(path, answer);
}

async function dropOthers() {
  for (const name of await caches.keys()) if (name.startsWith("verify-") && name !== KEPT) await caches.delete(name);
}

async function fetchedOrKept(request, path) {
  const cache = await caches.open(KEPT);
  try {
    const answer = await fetch(request);
    if (answer.ok && (PAGES.includes(path) || FILES.includes(path))) await cache.put(path, answer.clone());
    if (answer.ok || answer.status < 500) return answer;
  } catch { /* no network */ }
  return (await cache.match(path)) || (await cache.match(path, { ignoreSearch: true })) || Response.error();
}
