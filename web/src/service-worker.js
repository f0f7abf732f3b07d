// Keeps the application in the browser, so that it starts without a connection. Requests of the API are left to the
// browser: nothing that belongs to a user is stored here. Pieces that users keep are stored by the pages
// (core/offline/kept-pieces.ts), which clear them at logout.
//
// Angular's service worker is not used: it refuses an index.html that differs from the one of the build, and the
// gateway inserts a nonce and, for share links, a preview into it.

/** Set by scripts/build-service-worker.mjs: the digest of the build, the files that the first page needs, all files. */
const { version, shell, files } = self.BUILD;
const APP = `euterpe-app-${version}`;
const SOUNDS = 'euterpe-sounds';
const KEPT = 'euterpe-kept-';
const FILES = new Set(files);

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(removeOldVersions()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin || pathname.startsWith('/api/')) return;
  if (request.mode === 'navigate') event.respondWith(page(request));
  else if (FILES.has(pathname)) event.respondWith(file(request, APP));
  else if (pathname.startsWith('/soundfont/')) event.respondWith(file(request, SOUNDS));
});

/** A page asks to store files: those that it has loaded, or all of them. Answers on the message's port. */
self.addEventListener('message', (event) => {
  const wanted = event.data === 'all' ? files : event.data.filter((pathname) => FILES.has(pathname));
  const done = store(wanted).then(
    () => true,
    () => false,
  );
  event.waitUntil(done.then((isStored) => event.ports[0]?.postMessage(isStored)));
});

async function install() {
  const names = await caches.keys();
  // Kept pieces must remain playable with the new version.
  await store(names.some((name) => name.startsWith(KEPT)) ? ['/', ...files] : shell);
}

async function store(pathnames) {
  const cache = await caches.open(APP);
  const stored = await Promise.all(pathnames.map((pathname) => cache.match(pathname, { ignoreVary: true })));
  await cache.addAll(pathnames.filter((_, index) => !stored[index]));
}

async function removeOldVersions() {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith('euterpe-app-') && name !== APP).map((name) => caches.delete(name)),
  );
}

/** A page of the server, which may be newer; without a connection, the stored one. */
async function page(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const stored = await caches.match('/', { cacheName: APP, ignoreVary: true });
    if (stored) return stored;
    throw error;
  }
}

/** A file whose content does not change within a version. SoundFonts are stored only by pages. */
async function file(request, cacheName) {
  const stored = await caches.match(request.url, { cacheName, ignoreVary: true });
  if (stored) return stored;
  const response = await fetch(request);
  if (response.ok && cacheName === APP) {
    const copy = response.clone();
    void caches.open(APP).then((cache) => cache.put(request.url, copy));
  }
  return response;
}
