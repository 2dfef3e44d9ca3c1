"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = {};
  data.columns.forEach((name, i) => { at[name] = i; });
  const text = data.strings;
  const byId = (id) => document.getElementById(id);
  const fill = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const plain = (s) => s.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[\u2010-\u2015\u2212]/g, "-").toLowerCase();
  const isDay = (value) => /^\d{4}-\d{2}-\d{2}$/.test(value);
  const number = new Intl.NumberFormat(data.language, { maximumFractionDigits: 0 });
  const perPage = 50;
  const filters = ["country", "stage_code", "model_primary", "status"];
  const sorts = [["measure_id", "measure"], ["title_en", "title"], ["budget_eur", "budget"], ["benef_reached", "reached"], ["start_date", "start"]];
  const shownColumns = [["measure_id", "measure"], ["title_en", "title"], ["country", "country"], ["stage_code", "stage"], ["model_primary", "model"], ["start_date", "start"], ["budget_eur", "budget"], ["benef_reached", "reached"], ["status", "status"]];
  const numeric = new Set(["budget_eur", "benef_reached"]);
  const haystack = data.rows.map((row) => plain(data.searched.map((c) => { const v = row[at[c]]; return v === null ? "" : v + " " + label(c, v); }).join(" ")));
  const state = { page: 0, reverse: false, found: [] };

  function label(column, value) {
    const list = data.labels[column];
    if (value === null) return "";
    if (value === true || value === false) return value ? text.yes : text.no;
    if (!list) return String(value);
    return String(value).split(";").map((v) => list[v] || v).join("; ");
  }

  function choices(column) {
    const select = byId(column);
    const counts = new Map();
    data.rows.forEach((row) => { const v = row[at[column]]; if (v !== null) counts.set(v, (counts.get(v) || 0) + 1); });
    select.append(new Option(text.all, ""));
    Array.from(counts.keys()).sort().forEach((v) => {
      const named = label(column, v);
      select.append(new Option((column === "status" || named === v ? named : v + " " + named) + " (" + counts.get(v) + ")", v));
    });
  }

  function compare(a, b) {
    const column = at[byId("sort").value];
    const x = data.rows[a][column], y = data.rows[b][column];
    if (x === null || y === null) return (x === null) - (y === null) || a - b;
    const order = typeof x === "number" ? x - y : (x < y ? -1 : x > y ? 1 : 0);
    return (state.reverse ? -order : order) || a - b;
  }

  function find() {
    const words = plain(byId("search").value).split(/\s+/).filter(Boolean);
    const wanted = filters.map((f) => [at[f], byId(f).value]).filter((f) => f[1] !== "");
    state.found = [];
    data.rows.forEach((row, i) => {
      if (wanted.every((f) => row[f[0]] === f[1]) && words.every((w) => haystack[i].includes(w))) state.found.push(i);
    });
    state.found.sort(compare);
    state.page = 0;
    draw();
  }

  function cell(row, column) {
    const td = document.createElement("td");
    const value = row[at[column]];
    if (numeric.has(column)) td.className = "number";
    if (isDay(value)) td.className = "day";
    if (column === "title_en") {
      const open = document.createElement("button");
      open.type = "button";
      open.textContent = value === null ? text.empty : value;
      open.addEventListener("click", () => show(row));
      td.append(open);
    } else if (value === null) {
      td.textContent = "\u2013";
      td.classList.add("quiet");
    } else {
      td.textContent = numeric.has(column) ? number.format(value) : (column === "model_primary" ? value + " " + label(column, value) : label(column, value));
      if (data.labels[column]) td.title = label(column, value);
    }
    return td;
  }

  function draw() {
    const pages = Math.max(1, Math.ceil(state.found.length / perPage));
    const body = byId("rows");
    body.replaceChildren();
    state.found.slice(state.page * perPage, (state.page + 1) * perPage).forEach((i) => {
      const tr = document.createElement("tr");
      tr.dataset.id = data.rows[i][at.measure_id];
      shownColumns.forEach((c) => {
        const td = cell(data.rows[i], c[0]);
        td.dataset.label = text[c[1]];
        tr.append(td);
      });
      body.append(tr);
    });
    const budgets = state.found.map((i) => data.rows[i][at.budget_once]).filter((b) => b !== null);
    const unpriced = state.found.filter((i) => data.rows[i][at.budget_eur] === null).length;
    const values = { n: number.format(state.found.length), total: number.format(data.rows.length), budget: number.format(budgets.reduce((s, b) => s + b, 0)), missing: number.format(unpriced) };
    byId("count").textContent = state.found.length ? fill(text.shown, values) : text.none;
    byId("page").textContent = fill(text.page, { page: state.page + 1, pages: pages });
    byId("previous").disabled = state.page === 0;
    byId("next").disabled = state.page >= pages - 1;
  }

  function show(row) {
    const body = byId("record-body");
    body.replaceChildren();
    byId("record-title").textContent = row[at.measure_id] + " \u00b7 " + (row[at.title_en] === null ? text.empty : row[at.title_en]);
    if (data.pages) {
      const whole = document.createElement("p"), link = document.createElement("a");
      link.href = data.pages + encodeURIComponent(row[at.measure_id]) + ".html";
      link.textContent = text.whole;
      whole.append(link);
      body.append(whole);
    }
    data.sections.forEach((section) => {
      const head = document.createElement("h3");
      const list = document.createElement("dl");
      head.textContent = section[0];
      section[1].forEach((field) => {
        const value = row[at[field[0]]];
        if (value === null) return;
        const dt = document.createElement("dt"), dd = document.createElement("dd");
        if (isDay(value)) dd.className = "day";
        dt.textContent = field[1];
        if (field[2] === "url" && /^https?:\/\//.test(value)) {
          const link = document.createElement("a");
          link.href = value;
          link.rel = "noopener noreferrer";
          link.textContent = value;
          dd.append(link);
        } else {
          dd.textContent = typeof value === "number" ? (field[2] === "year" ? String(value) : new Intl.NumberFormat(data.language).format(value)) : label(field[0], value);
        }
        list.append(dt, dd);
      });
      if (list.childElementCount) body.append(head, list);
    });
    byId("record").showModal();
    history.replaceState(null, "", "#" + encodeURIComponent(row[at.measure_id]));
  }

  function download() {
    const safe = (v) => { let s = v === null ? "" : String(v); if (typeof v === "string" && /^[=+\-@\t\r]/.test(s)) s = "'" + s; return /[",\n\r]/.test(s) ? '"' + s.replace(/"/g, '""') + '"' : s; };
    const lines = [data.columns.join(",")].concat(state.found.map((i) => data.rows[i].map(safe).join(",")));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.download = "measures.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  document.querySelectorAll("[data-text]").forEach((node) => { node.textContent = text[node.dataset.text]; });
  byId("search").placeholder = text.search_hint;
  byId("census").textContent = text.census;
  byId("asof").textContent = fill(text.asof, { on: data.on });
  const made = data.rows.filter((row) => row[at.source_type] === "SYNTHETIC").length;
  if (made) { byId("synthetic").hidden = false; byId("synthetic").textContent = fill(text.synthetic, { n: made, total: data.rows.length }); }
  filters.forEach(choices);
  sorts.forEach((s) => byId("sort").append(new Option(text[s[1]], s[0])));
  shownColumns.forEach((c) => { const th = document.createElement("th"); th.scope = "col"; th.textContent = text[c[1]]; if (numeric.has(c[0])) th.className = "number"; byId("head").append(th); });
  let waiting = 0;
  byId("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(find, 80); });
  filters.concat(["sort"]).forEach((f) => byId(f).addEventListener("change", find));
  byId("filters").addEventListener("submit", (event) => { event.preventDefault(); find(); });
  byId("direction").addEventListener("click", () => { state.reverse = !state.reverse; byId("direction").setAttribute("aria-pressed", String(state.reverse)); find(); });
  byId("clear").addEventListener("click", () => { byId("filters").reset(); state.reverse = false; byId("direction").setAttribute("aria-pressed", "false"); find(); });
  byId("download").addEventListener("click", download);
  byId("previous").addEventListener("click", () => { state.page -= 1; draw(); });
  byId("next").addEventListener("click", () => { state.page += 1; draw(); });
  byId("close").addEventListener("click", () => byId("record").close());
  byId("record").addEventListener("close", () => history.replaceState(null, "", location.pathname + location.search));
  find();
  const opened = decodeURIComponent(location.hash.slice(1));
  const named = opened && data.rows.find((row) => row[at.measure_id] === opened);
  if (named) show(named);
})();
