"use strict";
// The pages are whole without this script. It fetches their rows when plazo says that something has changed, and says so when plazo is silent.
(() => {
  const isTyping = (event) => event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  // On a request: t takes it, p puts it off. On the queue, with a request chosen by j and k: the same, on its page.
  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || !/^[tp]$/.test(event.key)) return;
    const own = document.querySelector(`[data-key="${event.key}"]`);
    const chosen = document.activeElement?.closest?.("#rows a[href^='/r/']");
    // One letter opens a form or goes to a button; what is pressed there does it.
    if (own) { event.preventDefault(); if (own.tagName === "SUMMARY") own.click(); (own.parentElement.querySelector("input:not([type=hidden])") ?? own).focus(); }
    else if (chosen) location.assign(chosen.getAttribute("href") + "#" + event.key);
  });
  if (/^#[tp]$/.test(location.hash)) {
    const own = document.querySelector(`[data-key="${location.hash[1]}"]`);
    // Loaded again, it is not done again.
    history.replaceState(null, "", location.pathname + location.search);
    if (own?.tagName === "SUMMARY") own.click();
    (own?.parentElement.querySelector("input:not([type=hidden])") ?? own)?.focus();
  }
  // Said once; loaded again, it is no news.
  if (new URL(location.href).searchParams.has("hecho")) {
    const address = new URL(location.href);
    address.searchParams.delete("hecho");
    history.replaceState(null, "", address);
  }
  const rows = document.getElementById("rows");
  const stamp = document.getElementById("stamp");
  const lost = document.getElementById("lost");
  const news = document.getElementById("news");
  const clock = document.getElementById("clock");
  const parts = [...document.querySelectorAll("[data-live]")];
  if (!stamp || !lost) return;
  // A list of what was sent or broken may wait a moment; who waits on one request may not.
  const SILENT = 20, REFRESH = 30, AGAIN = 10, PATIENCE = 10, PACE = rows || document.getElementById("now") ? 0 : 3000;
  const title = document.title.replace(/^\(\d+\) /, "");
  const { lang, dataset: { zone } } = document.documentElement;
  const minute = (at) => new Date(at).toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
  // `heard`: anything of plazo. `told`: an event of the stream, which may be dead while pages still come. `listened`: when it was last opened.
  let heard = Date.now(), told = heard, listened = heard, fetched = heard, busy = false, again = false, stream = null;

  const alive = () => { heard = Date.now(); lost.hidden = true; };
  const isTold = () => { told = Date.now(); alive(); };

  async function refresh() {
    if (busy) { again = true; return; }
    if (!rows && !parts.length) return;
    busy = true;
    try {
      const address = new URL(location.href);
      address.hash = "";
      if (rows) address.searchParams.set("parte", "filas");
      // A connection that swallows what it is given, as after sleep, would be waited for without end.
      const signal = AbortSignal.timeout(PATIENCE * 1000);
      const answer = await fetch(address, { headers: { accept: "text/html" }, credentials: "same-origin", signal });
      if (answer.status === 401) { location.reload(); return; }
      if (answer.ok) { show(await answer.text()); fetched = Date.now(); alive(); }
    } catch { /* the stamp tells */ }
    if (PACE) await new Promise((done) => setTimeout(done, PACE));
    busy = false;
    if (again) { again = false; refresh(); }
  }

  // Whatever somebody is filling in stays as it is.
  const isFilledIn = (part) => [...part.querySelectorAll("input:not([type=hidden]), textarea")].some((field) => field.value !== field.defaultValue);

  // Each page's forms bear a number of their own, which is no news.
  const said = (part) => part.innerHTML.replace(/ name="once" value="[^"]*"/g, "");

  function replace(page) {
    for (const part of parts) {
      const fresh = page.getElementById(part.id);
      if (!fresh || said(fresh) === said(part) || isFilledIn(part)) continue;
      const within = [...part.querySelectorAll("a, button, input, summary")];
      const place = within.indexOf(document.activeElement);
      const open = [...part.querySelectorAll("details")].map((one) => one.open);
      part.replaceChildren(...fresh.childNodes);
      part.querySelectorAll("details").forEach((one, i) => { if (open[i]) one.open = true; });
      if (0 <= place) part.querySelectorAll("a, button, input, summary")[place]?.focus({ preventScroll: true });
      if (fresh.dataset.news && fresh.dataset.news !== part.dataset.news && news) news.textContent = part.dataset.news = fresh.dataset.news;
    }
  }

  function show(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    if (!rows) { replace(page); return; }
    const part = page.body.firstElementChild;
    if (!part) return;
    const focused = rows.contains(document.activeElement) ? document.activeElement.id : "";
    rows.replaceChildren(part);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    document.title = part.dataset.counted + title;
    // Said only where it is news, so that a reader of the screen is not talked over.
    if (news && news.textContent !== part.dataset.news) news.textContent = part.dataset.news;
  }

  function listen() {
    listened = Date.now();
    stream?.close();
    stream = new EventSource("/live" + (rows?.tagName === "MAIN" ? location.search : ""));
    stream.addEventListener("beat", isTold);
    for (const name of ["change", "open"]) stream.addEventListener(name, () => { isTold(); refresh(); });
    // Where it was refused, the page may be nobody's any more.
    stream.addEventListener("error", (event) => { if (event.target.readyState === EventSource.CLOSED) refresh(); });
  }

  function tick() {
    const now = Date.now(), silent = Math.round((now - heard) / 1000);
    stamp.textContent = "● " + stamp.dataset.ago.replace("{s}", String(silent));
    if (clock) clock.textContent = minute(now);
    if (SILENT < silent && lost.hidden) {
      lost.textContent = lost.dataset.lost.replace("{t}", minute(heard));
      lost.hidden = false;
    }
    // Whatever a browser takes a stream for: one that was refused is given up, and one that a proxy lost looks open for good.
    const isClosed = stream.readyState === EventSource.CLOSED;
    if ((isClosed || SILENT * 1000 < now - told) && AGAIN * 1000 < now - listened) listen();
    if (!document.hidden && REFRESH * 1000 < now - fetched) { fetched = now; refresh(); }
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA|BUTTON)$/.test(event.target.tagName)) return;
    const step = { j: 1, k: -1 }[event.key];
    if (!step || !rows) return;
    const links = [...rows.querySelectorAll("a[href^='/r/']")];
    const place = links.indexOf(document.activeElement);
    links[place < 0 ? 0 : Math.min(Math.max(place + step, 0), links.length - 1)]?.focus();
  });
  listen();
  tick();
  setInterval(tick, 1000);
})();
