"""The standalone HTML report: no script, no external request, every text escaped, charts as inline SVG."""
