/* Shows what the hall pushes, and opens the page it is about. It sees no request: it has no fetch. */
"use strict";
self.addEventListener("push", (event) => {
  let told;
  try { told = event.data.json(); } catch { return; }
  event.waitUntil(self.registration.showNotification(told.title, {
    body: told.body, tag: told.tag, renotify: true, requireInteraction: true, icon: "/static/ui/face.svg",
    vibrate: [400, 150, 400], data: { url: told.url },
  }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data?.url || "/", self.location.origin);
  if (url.origin !== self.location.origin) return;
  event.waitUntil((async () => {
    const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const open = pages.find((page) => new URL(page.url).pathname === url.pathname);
    return open ? open.focus() : self.clients.openWindow(url.href);
  })());
});
self.addEventListener("install", () => self.skipWaiting());
