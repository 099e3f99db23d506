// --- charts ----------------------------------------------------------------------------------------------------------

function drawEquity() {
  const { at, equity, fallen } = data.equity;
  const line = (name, y, extra) => ({ type: "scatter", mode: "lines", name, x: at, y, line: { color: colour("main"), width: 1.7 }, ...extra });
  const traces = [
    line("out of sample", equity, { hovertemplate: "equity %{y:,.2f}<extra></extra>" }),
    line("below peak", fallen, { yaxis: "y2", fill: "tozeroy", hovertemplate: "below peak %{y:.1%}<extra></extra>" }),
  ];
  const edge = (x) => ({ type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", line: { color: colour("hold"), width: 1, dash: "dot" } });
  const axes = {
    height: 440, showlegend: false, shapes: data.edges.map(edge),
    xaxis: { type: "date", anchor: "y2" },
    yaxis: { domain: [0.36, 1], tickformat: ",~r" },
    yaxis2: { domain: [0, 0.29], tickformat: ".0%", title: { text: "below peak", standoff: 6 } },
  };
  Plotly.react("equity", traces, layout(axes), options);
}

function drawInAndOut() {
  const bars = (name, key, ink) => ({
    type: "bar", name, x: data.folds.map((fold) => fold.name), y: data.folds.map((fold) => fold[key]), marker: { color: colour(ink) },
    customdata: data.folds.map((fold) => fold.test), hovertemplate: `%{y:.2f} ${name}<br>test %{customdata}<extra></extra>`,
  });
  const traces = [bars("in sample", "inside", "hold"), bars("out of sample", "outside", "main")];
  const axes = { height: 320, barmode: "group", hovermode: "closest", yaxis: { title: { text: "Sharpe" }, zeroline: true, zerolinecolor: colour("quiet") } };
  Plotly.react("in-out", traces, layout(axes), options);
}

function drawAll() {
  if (data.equity.at.length) drawEquity();
  if (document.getElementById("in-out")) drawInAndOut();
}

drawAll();
