"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const page = document.documentElement;

// --- theme -----------------------------------------------------------------------------------------------------------

const prefersDark = window.matchMedia("(prefers-color-scheme: dark)").matches;
page.dataset.theme = location.hash === "#dark" || (prefersDark && location.hash !== "#light") ? "dark" : "light";

function colour(name) {
  return getComputedStyle(page).getPropertyValue(`--${name}`).trim();
}

function layout(extra) {
  const axis = { gridcolor: colour("line"), zerolinecolor: colour("line"), linecolor: colour("line"), automargin: true };
  const base = {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("quiet") },
    margin: { l: 56, r: 12, t: 8, b: 32 },
    hovermode: "x unified",
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink") } },
    showlegend: true,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
    ...extra,
  };
  for (const name of ["xaxis", "yaxis", "yaxis2"]) {
    if (name !== "yaxis2" || base[name]) base[name] = { ...axis, ...base[name] };
  }
  return base;
}

const options = { responsive: true, displaylogo: false, displayModeBar: false, scrollZoom: false };

// --- numbers ---------------------------------------------------------------------------------------------------------

/** Ticks of a logarithmic axis that do not run into each other: 1-2-5 over decades, round steps within one. */
function logTicks(low, high) {
  const found = [];
  if (high / low > 4) {
    for (let decade = Math.floor(Math.log10(low)); decade <= Math.log10(high); decade += 1) {
      for (const digit of [1, 2, 5]) found.push(digit * 10 ** decade);
    }
  } else {
    const rough = (high - low) / 6;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((one) => one * power >= rough) * power;
    for (let tick = Math.ceil(low / step); tick * step <= high; tick += 1) found.push(tick * step);
  }
  const values = found.filter((value) => value >= low && value <= high);
  return { tickmode: "array", tickvals: values, ticktext: values.map(rounded) };
}

function rounded(value) {
  return value.toLocaleString("en", { maximumSignificantDigits: 6, maximumFractionDigits: 20 });
}

function significant(value) {
  if (Math.abs(value) < 1000) return rounded(value);
  return value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

// --- page ------------------------------------------------------------------------------------------------------------

function toggle(id, act) {
  const button = document.getElementById(id);
  button?.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    act(on);
  });
}

function sortBy(heading) {
  const table = heading.closest("table");
  const column = [...heading.parentNode.children].indexOf(heading);
  const ascending = heading.getAttribute("aria-sort") === "descending";
  for (const one of heading.parentNode.children) one.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const key = (row) => {
    const cell = row.children[column];
    return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
  };
  const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0) * (ascending ? 1 : -1);
  const body = table.tBodies[0];
  body.append(...[...body.rows].sort((a, b) => order(key(a), key(b))));
}

for (const heading of document.querySelectorAll("th[data-sort]")) heading.addEventListener("click", () => sortBy(heading));
// The page's own script, which follows, says what is drawn.
document.getElementById("theme").addEventListener("click", () => {
  page.dataset.theme = page.dataset.theme === "dark" ? "light" : "dark";
  drawAll();
});

