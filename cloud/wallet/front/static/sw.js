// Keeps this version's own files, so that the wallet opens without a network. Answers of the accounts service are never
// kept here: what a page last saw, it keeps itself, with its moment.
const KEPT = "wallet-@VERSION@";
const FILES = [@FILES@];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(FILES.map((one) => new Request(one, { cache: "reload" })))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((one) => one !== KEPT).map((one) => caches.delete(one))))
      .then(() => self.clients.claim()),
  );
});

// A page that has been told of the new version, and whose reader wants it, says so.
self.addEventListener("message", (event) => {
  if (event.data === "take-over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") {
    if (url.pathname !== "/") return; // a shared terminal keeps nothing
    event.respondWith(caches.match("/", { cacheName: KEPT }).then((kept) => kept || fetch(event.request)));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(caches.match(url.pathname, { cacheName: KEPT }).then((kept) => kept || fetch(event.request)));
  }
});
