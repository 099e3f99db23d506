// --- heat map --------------------------------------------------------------------------------------------------------

const reading = document.getElementById("reading");

function readCell(cell) {
  if (reading && cell?.title) reading.textContent = cell.title;
}

for (const map of document.querySelectorAll("[data-heat]")) {
  for (const kind of ["mouseover", "click"]) map.addEventListener(kind, (event) => readCell(event.target.closest("td")));
}

for (const button of document.querySelectorAll("[data-map]")) {
  button.addEventListener("click", () => {
    for (const one of document.querySelectorAll("[data-map]")) one.setAttribute("aria-pressed", String(one === button));
    for (const map of document.querySelectorAll("[data-heat]")) map.hidden = map.dataset.heat !== button.dataset.map;
  });
}

// --- charts ----------------------------------------------------------------------------------------------------------

const objectiveAxis = { title: { text: data.objective }, tickformat: data.fraction ? ".0%" : ",.2~f" };
const shownObjective = data.fraction ? ".1%" : ".2f";

function drawLine() {
  const { name, at, ranked, few, trades } = data.line;
  const numeric = at.every((value) => value.trim() !== "" && !Number.isNaN(Number(value)));
  const x = numeric ? at.map(Number) : at;
  const trace = (title, y, ink, mode) => ({
    type: "scatter", mode, name: title, x, y, customdata: trades, line: { color: colour(ink), width: 1.7 },
    marker: { color: colour(ink), size: 8, symbol: ink === "hold" ? "x" : "circle" },
    hovertemplate: `%{y:${shownObjective}}, %{customdata} trades<extra>${title}</extra>`,
  });
  const traces = [trace("ranked", ranked, "main", "lines+markers"), trace("too few trades", few, "hold", "markers")];
  const axes = { height: 360, xaxis: { type: numeric ? "linear" : "category", title: { text: name } }, yaxis: objectiveAxis };
  Plotly.react("line", traces, layout(axes), options);
}

function drawDistribution() {
  const { edges, count, luck } = data.distribution;
  const left = edges.slice(0, -1);
  const widths = left.map((edge, bin) => edges[bin + 1] - edge);
  const trace = {
    type: "bar", x: left.map((edge, bin) => edge + widths[bin] / 2), y: count, width: widths.map((width) => width * 0.92),
    showlegend: false, marker: { color: colour("main"), opacity: 0.8 }, customdata: left.map((edge, bin) => [edge, edges[bin + 1]]),
    hovertemplate: `%{customdata[0]:${shownObjective}} to %{customdata[1]:${shownObjective}}: %{y} points<extra></extra>`,
  };
  const shapes = luck === null ? [] : [
    { type: "line", x0: luck, x1: luck, y0: 0, y1: 1, yref: "paper", line: { color: colour("stop"), width: 2, dash: "dash" } },
  ];
  const annotations = luck === null ? [] : [
    { x: luck, y: 1, yref: "paper", yanchor: "bottom", xanchor: luck > (edges[0] + edges[edges.length - 1]) / 2 ? "right" : "left", showarrow: false, text: `luck ${luck.toFixed(2)}`, font: { color: colour("stop") } },
  ];
  const axes = {
    height: 300, hovermode: "closest", bargap: 0, shapes, annotations, margin: { l: 56, r: 12, t: 24, b: 32 },
    xaxis: objectiveAxis, yaxis: { title: { text: "points" }, tickformat: "d", rangemode: "tozero" },
  };
  Plotly.react("distribution", [trace], layout(axes), options);
}

function drawAll() {
  if (data.line) drawLine();
  if (data.distribution.count.length) drawDistribution();
}

drawAll();
