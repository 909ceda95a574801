/* "Tell me on this phone" (ui/push.html). Shown only where the browser can; asks for permission only after the tap. */
(() => {
  "use strict";
  const card = document.querySelector("[data-push-card]");
  const form = card?.querySelector("form");
  if (!form || !window.isSecureContext || !navigator.serviceWorker || !window.PushManager || !window.Notification) return;
  const show = (state) => { for (const part of card.querySelectorAll("[data-push]")) part.hidden = part.dataset.push !== state; };
  const registered = () => navigator.serviceWorker.register("/push-worker.js", { scope: "/push/" });

  /** The hall's key as bytes. */
  function key() {
    const text = form.dataset.key.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  }

  /** A subscription belongs to an active worker; the first one needs a moment. */
  async function active() {
    const registration = await registered();
    const worker = registration.installing || registration.waiting;
    if (registration.active || !worker) return registration;
    await new Promise((done) => worker.addEventListener("statechange", () => { if (worker.state === "activated") done(); }));
    return registration;
  }

  async function send(subscription, stop) {
    const { endpoint, keys } = subscription.toJSON();
    const body = new FormData(form);
    body.set("endpoint", endpoint);
    if (stop) body.set("stop", "1");
    else { body.set("p256dh", keys.p256dh); body.set("auth", keys.auth); }
    const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/plain" } });
    if (!response.ok) throw new Error(String(response.status));
  }

  async function start() {
    show("busy");
    if (await Notification.requestPermission() !== "granted") { show("denied"); return; }
    try {
      const push = (await active()).pushManager;
      // One made with another key of the hall reaches nobody.
      const old = await push.getSubscription();
      const same = old?.options?.applicationServerKey
        && String(new Uint8Array(old.options.applicationServerKey)) === String(key());
      if (old && !same) await old.unsubscribe();
      await send(await push.subscribe({ userVisibleOnly: true, applicationServerKey: key() }), false);
      show("on");
    } catch { show("failed"); }
    card.focus();
  }

  async function stop() {
    show("busy");
    try {
      const subscription = await (await active()).pushManager.getSubscription();
      if (subscription) await send(subscription, true);
      show("off");
    } catch { show("failed"); }
    card.focus();
  }

  /** Whether this browser follows this page already: the page lists who does, by the beginning of a hash. */
  async function look() {
    if (Notification.permission === "denied") return "denied";
    const registration = await navigator.serviceWorker.getRegistration("/push/");
    const subscription = await registration?.pushManager.getSubscription();
    if (!subscription) return "off";
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(subscription.endpoint));
    const mark = [...new Uint8Array(bytes)].slice(0, 8).map((b) => b.toString(16).padStart(2, "0")).join("");
    return form.dataset.known.split(" ").includes(mark) ? "on" : "off";
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.name === "stop") stop(); else start();
  });
  look().catch(() => "off").then((state) => { show(state); card.hidden = false; });
})();
