// The form's script: faults said at once, a draft kept in the tab, how far an upload is. Without it the form works as well.
import { suggest } from "./answers.js";

const form = document.querySelector("form[data-form]");
if (form) begin(form);
else forget();

/** @param {HTMLFormElement} form */
function begin(form) {
  const key = `patchbay:form:${form.dataset.form}`;
  const fields = [...form.querySelectorAll(".field")].map((box) => box.querySelector("input, select, textarea")).filter(Boolean);
  restore(fields, key);
  for (const field of fields) {
    field.addEventListener("input", () => keep(fields, key));
    field.addEventListener("change", () => keep(fields, key));
    field.addEventListener("blur", () => field.value && say(field, faultOf(field)));
  }
  document.querySelector(".summary")?.focus();
  suggest(form);
  form.addEventListener("submit", (event) => {
    const faulty = fields.filter((field) => say(field, faultOf(field)));
    if (faulty.length) {
      event.preventDefault();
      summarise(form, faulty);
    } else if (fields.some((field) => field.files?.length)) {
      event.preventDefault();
      void upload(form);
    }
  });
}

/** What is wrong with a field, in the words that the server sent along. */
function faultOf(field) {
  const value = field.value.trim();
  if (field.required && !value) return form.dataset.required;
  // The server decides what an address is; here only what can be none is said.
  if (field.type === "email" && value && !/^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/.test(value)) return form.dataset.email;
  return "";
}

/** Say what is wrong at a field, or that nothing is any more. */
function say(field, fault) {
  const box = field.closest(".field");
  const id = `${field.id}-fault`;
  let note = document.getElementById(id);
  const described = new Set((field.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean));
  if (fault) {
    if (!note) {
      note = Object.assign(document.createElement("p"), { id, className: "fault" });
      box.insertBefore(note, field);
    }
    note.textContent = fault;
    described.add(id);
    field.setAttribute("aria-invalid", "true");
  } else {
    note?.remove();
    described.delete(id);
    field.removeAttribute("aria-invalid");
  }
  if (described.size) field.setAttribute("aria-describedby", [...described].join(" "));
  else field.removeAttribute("aria-describedby");
  return fault;
}

/** Say on top what is to be done; it takes the focus. */
function summarise(form, faulty) {
  document.querySelector(".summary")?.remove();
  const box = Object.assign(document.createElement("div"), { className: "summary", tabIndex: -1 });
  box.setAttribute("role", "alert");
  const list = document.createElement("ul");
  for (const field of faulty) {
    const link = Object.assign(document.createElement("a"), { href: `#${field.id}` });
    link.textContent = `${field.labels[0].firstChild.textContent.trim()}: ${document.getElementById(`${field.id}-fault`).textContent}`;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      field.focus();
    });
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
  box.append(Object.assign(document.createElement("h2"), { textContent: form.dataset.summary }), list);
  form.before(box);
  box.focus();
}

function upload(form) {
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  bar.setAttribute("aria-label", form.dataset.sending);
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  button.after(bar);
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.upload.onprogress = (event) => (bar.value = event.total ? event.loaded / event.total : 0);
  request.onerror = () => {
    // Nothing was heard: the browser's own way says why, and keeps what was entered.
    bar.remove();
    form.submit();
  };
  request.onload = () => {
    if (request.responseURL.includes("/thanks")) return location.assign(request.responseURL);
    const answer = new DOMParser().parseFromString(request.responseText, "text/html").querySelector("main");
    if (!answer) return location.reload();
    document.querySelector("main").replaceWith(document.importNode(answer, true));
    const again = document.querySelector("form[data-form]");
    return again && begin(again);
  };
  request.send(new FormData(form));
}

// --- the draft ------------------------------------------------------------------------------------------------

function keep(fields, key) {
  const draft = Object.fromEntries(fields.filter((field) => field.type !== "file").map((field) => [field.name, field.value]));
  try {
    sessionStorage.setItem(key, JSON.stringify(draft));
    sessionStorage.setItem("patchbay:form:last", key);
  } catch {
    // Without storage the page keeps what is in it.
  }
}

function restore(fields, key) {
  try {
    const draft = JSON.parse(sessionStorage.getItem(key) ?? "{}");
    for (const field of fields) if (field.type !== "file" && !field.value && draft[field.name]) field.value = draft[field.name];
  } catch {
    // What cannot be read is no draft.
  }
}

/** It has arrived: nothing of it stays in the tab. */
function forget() {
  if (!document.querySelector(".reference")) return;
  try {
    sessionStorage.removeItem(sessionStorage.getItem("patchbay:form:last") ?? "");
    sessionStorage.removeItem("patchbay:form:last");
  } catch {
    // There was none.
  }
}
