// Charts as SVG text, with no more than bars and points. Colours are readable on light and on dark pages.

const INK = '#6e7781'
const MAIN = '#0969da'
const OTHERS = ['#8c959f', '#bf8700', '#cf222e']
const escaped = (text) => String(text).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
const text = (x, y, content, more = '') => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${INK}" ${more}>${escaped(content)}</text>`

function picture(width, height, title, parts) {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img">`
  return `${[head, `<title>${escaped(title)}</title>`, ...parts, '</svg>'].join('\n')}\n`
}

/**
 * Groups of bars: `groups` are `{ label, bars: [{ name, figure, shown }] }`, each on a scale of its own; the first bar is
 * the one that it is about. `note` stands below.
 */
export function bars({ title, groups, note }) {
  const [left, width, bar, gap] = [230, 760, 15, 22]
  const parts = [text(0, 16, title, 'font-size="14" font-weight="600"')]
  let y = 34
  for (const { label, bars } of groups) {
    const most = Math.max(...bars.map(({ figure }) => figure))
    parts.push(text(0, y + bar - 3, label, 'font-weight="600"'))
    bars.forEach(({ name, figure, shown }, at) => {
      const length = Math.max(1, (figure / most) * (width - left - 190))
      const colour = at === 0 ? MAIN : OTHERS[(at - 1) % OTHERS.length]
      parts.push(`<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${bar - 3}" fill="${colour}"/>`)
      parts.push(text(left + length + 6, y + bar - 5, `${shown}  ${name}`, 'font-size="11"'))
      y += bar
    })
    y += gap - bar + 4
  }
  for (const line of [].concat(note)) parts.push(text(0, (y += 16), line, 'font-size="11"'))
  return picture(width, y + 10, title, parts)
}

/** The straight line that lies nearest to the points. */
export function line(points) {
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)]
  const slope = mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2)
  const constant = y - slope * x
  const spread = mean((point) => (point.y - y) ** 2)
  const left = mean((point) => (point.y - constant - slope * point.x) ** 2)
  return { slope, constant, fit: spread === 0 ? 1 : 1 - left / spread }
}

const shortened = (value) => (value >= 1e6 ? `${value / 1e6} M` : value >= 1e4 ? `${Math.round(value / 1e3)} k` : String(Number(value.toPrecision(3))))

/** Panels of points with their line: `series` are `{ title, x, y, points: [{ x, y }] }`. */
export function panels({ title, series, note }) {
  const [width, height, columns] = [370, 250, 2]
  const parts = [text(0, 16, title, 'font-size="14" font-weight="600"')]
  series.forEach(({ title, x, y, points }, at) => {
    const [left, top] = [(at % columns) * width, 30 + Math.floor(at / columns) * height]
    const [from, to, floor, ceiling] = [left + 55, left + width - 25, top + height - 55, top + 28]
    const most = { x: Math.max(...points.map((point) => point.x)), y: Math.max(...points.map((point) => point.y)) }
    const across = (value) => from + (value / most.x) * (to - from)
    const up = (value) => floor - (Math.max(0, value) / most.y) * (floor - ceiling)
    const { slope, constant } = line(points)
    parts.push(text(left, top + 14, title, 'font-weight="600"'))
    parts.push(`<path d="M${from} ${ceiling}V${floor}H${to}" fill="none" stroke="${INK}"/>`)
    parts.push(`<path d="M${from} ${up(constant).toFixed(1)}L${to} ${up(constant + slope * most.x).toFixed(1)}" stroke="${MAIN}" stroke-opacity="0.5"/>`)
    for (const point of points) parts.push(`<circle cx="${across(point.x).toFixed(1)}" cy="${up(point.y).toFixed(1)}" r="3" fill="${MAIN}"/>`)
    parts.push(text(from - 6, ceiling + 4, shortened(most.y), 'text-anchor="end" font-size="11"'), text(from - 6, floor + 4, '0', 'text-anchor="end" font-size="11"'))
    parts.push(text(to, floor + 15, shortened(most.x), 'text-anchor="end" font-size="11"'), text((from + to) / 2, floor + 15, x, 'text-anchor="middle" font-size="11"'))
    parts.push(text(from + 6, ceiling + 4, y, 'font-size="11"'))
  })
  let y = 30 + Math.ceil(series.length / columns) * height
  for (const line of [].concat(note)) parts.push(text(0, (y += 16), line, 'font-size="11"'))
  return picture(width * columns, y + 10, title, parts)
}
