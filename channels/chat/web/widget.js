// The launcher: one button on any page; the chat itself is a frame that loads when it is first opened.
(() => {
  "use strict";
  const me = document.currentScript;
  const base = new URL("/channels/chat/", me.src);
  const site = me.dataset.site || "main";
  const identity = (me.dataset.identity || "").replace(/[^A-Za-z0-9._-]/g, "");
  const facts = new URLSearchParams([...me.attributes].filter(({ name }) => name.startsWith("data-fact-")).map(({ name, value }) => [name.slice(10), value]));
  const language = (me.dataset.lang || document.documentElement.lang || navigator.language || "en").slice(0, 2).toLowerCase();
  const words = {
    en: ["Chat with us", "Close the chat"],
    zh: ["在线咨询", "关闭聊天"],
    th: ["แชตกับเรา", "ปิดแชต"],
  }[language] || ["Chat with us", "Close the chat"];
  const OURS = "#0b6a5f";
  const color = /^#[0-9a-f]{6}$/i.test(me.dataset.color || OURS) ? me.dataset.color || OURS : OURS;
  if ((me.dataset.color || OURS) !== color) console.warn("Patchbay chat: data-color must be six hex digits, such as #0b6a5f.");

  // The text on a colour we were given must be readable: black or white, whichever contrasts more.
  const light = (hex) => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const c = parseInt(hex.slice(at, at + 2), 16) / 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ink = light(color) > 0.179 ? "#000000" : "#ffffff";

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const style = (element, rules) => Object.assign(element.style, rules);
  style(host, { position: "fixed", zIndex: "2147483000", right: "20px", bottom: "20px" });

  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-haspopup", "dialog");
  style(button, {
    width: "56px", height: "56px", border: "0", borderRadius: "28px", cursor: "pointer", padding: "0",
    background: color, color: ink, boxShadow: "0 2px 6px rgba(0,0,0,.2), 0 8px 24px -8px rgba(0,0,0,.35)",
  });
  const svg = (paths) => {
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [name, value] of Object.entries({
      viewBox: "0 0 24 24", width: "26", height: "26", fill: "none", stroke: "currentColor",
      "stroke-width": "1.8", "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true",
    })) picture.setAttribute(name, value);
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", paths);
    picture.append(path);
    picture.style.verticalAlign = "middle";
    return picture;
  };
  const icons = {
    closed: "M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H11l-5 4v-4H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z",
    open: "M6 6l12 12M18 6L6 18",
  };

  let frame = null;
  let open = false;
  const small = matchMedia("(max-width: 480px)");
  const place = () => {
    if (!frame) return;
    style(frame, small.matches
      ? { position: "fixed", inset: "0", width: "100%", height: "100%", borderRadius: "0" }
      : { position: "fixed", inset: "auto 20px 88px auto", width: "380px", height: "min(620px, calc(100vh - 108px))", borderRadius: "14px" });
    style(frame, { display: open ? "block" : "none" });
    style(button, { display: open && small.matches ? "none" : "inline-block" });
  };
  const show = (wanted) => {
    open = wanted;
    if (open && !frame) {
      frame = document.createElement("iframe");
      frame.title = words[0];
      frame.src = `${base}frame?site=${encodeURIComponent(site)}#${encodeURIComponent(site)}/${language}/${identity}/${color === OURS ? "" : color.slice(1) + ink.slice(1)}/${encodeURIComponent(facts)}`;
      frame.allow = "";
      style(frame, { border: "0", background: "Canvas", boxShadow: "0 1px 2px rgba(0,0,0,.1), 0 12px 40px -8px rgba(0,0,0,.35)" });
      root.prepend(frame);
    }
    button.replaceChildren(svg(icons[open ? "open" : "closed"]));
    button.setAttribute("aria-label", words[open ? 1 : 0]);
    button.setAttribute("aria-expanded", String(open));
    place();
    if (open) setTimeout(() => frame.focus(), 0);
    else button.focus();
  };
  button.addEventListener("click", () => show(!open));
  document.addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && open && show(false));
  addEventListener("message", (event) => {
    if (event.origin === base.origin && frame && event.source === frame.contentWindow && event.data === "patchbay:close") show(false);
  });
  small.addEventListener("change", place);
  const begin = () => {
    root.append(button);
    document.body.append(host);
    button.replaceChildren(svg(icons.closed));
    button.setAttribute("aria-label", words[0]);
    button.setAttribute("aria-expanded", "false");
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
