package blockmap

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"

	"github.com/dustin/go-humanize"
	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"volara/geometry"
)

// Lengths in pixels.
const (
	margin  = 24
	heading = 30
	line    = 20
	between = 3    // slices
	widest  = 1200 // a task's slices
	tallest = 4000
	largest = 12 // a block
	key     = 12 // a square of the legend
)

// Write draws the maps of a run's tasks, one below the other, as a PNG. Of grids with more than two axes the planes of the
// last two are shown side by side, in order. Where blocks are too many for pixels of their own, the most remarkable of
// those that share one shows.
func Write(w io.Writer, run string, maps ...*Map) error {
	face, err := newFace()
	if err != nil {
		return err
	}
	width, height := 640, margin+heading
	panels := make([]*image.RGBA, len(maps))
	for i, m := range maps {
		panels[i] = m.draw()
		width = max(width, panels[i].Rect.Dx())
		height += panels[i].Rect.Dy() + 2*line + margin
	}
	sheet := image.NewRGBA(image.Rect(0, 0, width+2*margin, height))
	draw.Draw(sheet, sheet.Rect, image.NewUniform(Outside.Colour()), image.Point{}, draw.Src)
	pen := &font.Drawer{Dst: sheet, Face: face, Src: image.NewUniform(color.RGBA{228, 230, 235, 255})}
	at := image.Pt(margin, margin+14)
	write(pen, at, "Blocks of "+run)
	at.Y += heading
	for i, m := range maps {
		write(pen, at, fmt.Sprintf("%s  %v blocks", m.task, m.counts))
		m.drawLegend(pen, image.Pt(margin, at.Y+line))
		at.Y += line + line/2
		draw.Draw(sheet, panels[i].Rect.Add(at), panels[i], image.Point{}, draw.Src)
		at.Y += panels[i].Rect.Dy() + line/2 + margin
	}
	return png.Encode(w, sheet)
}

func newFace() (font.Face, error) {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("parsing the built-in font: %w", err)
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: 14, DPI: 72, Hinting: font.HintingFull})
}

// write sets a line of text and returns where it ends.
func write(pen *font.Drawer, at image.Point, text string) int {
	pen.Dot = fixed.P(at.X, at.Y)
	pen.DrawString(text)
	return pen.Dot.X.Ceil()
}

// drawLegend shows the states that occur, with their counts.
func (m *Map) drawLegend(pen *font.Drawer, at image.Point) {
	tally := m.Tally()
	for s := Computed; s < states; s++ {
		n := tally[s]
		if n == 0 {
			continue
		}
		square := image.Rect(at.X, at.Y-key+1, at.X+key, at.Y+1)
		draw.Draw(pen.Dst.(*image.RGBA), square, image.NewUniform(s.Colour()), image.Point{}, draw.Src)
		at.X = write(pen, at.Add(image.Pt(key+6, 0)), fmt.Sprintf("%v %s", s, humanize.Comma(n))) + 18
	}
}

// draw returns the planes of the map, row by row.
func (m *Map) draw() *image.RGBA {
	p := m.layout()
	out := image.NewRGBA(image.Rectangle{Max: p.size()})
	draw.Draw(out, out.Rect, image.NewUniform(Outside.Colour()), image.Point{}, draw.Src)
	for i := range p.planes {
		corner := image.Pt(i%p.perRow*p.stepX(), i/p.perRow*p.stepY())
		for y := range p.rows {
			for x := range p.columns {
				cell := image.Rect(x*p.pixels, y*p.pixels, (x+1)*p.pixels, (y+1)*p.pixels)
				if p.pixels > 3 { // a line between blocks
					cell.Max = cell.Max.Sub(image.Pt(1, 1))
				}
				draw.Draw(out, cell.Add(corner), image.NewUniform(m.at(p, i, y, x).Colour()), image.Point{}, draw.Src)
			}
		}
	}
	return out
}

// A layout says how the blocks lie in the picture: planes of rows and columns of cells, each of stride blocks along every
// axis, and of so many pixels.
type layout struct {
	counts                [3]int // blocks: planes, rows, columns
	stride                int
	planes, rows, columns int // of cells
	pixels, perRow        int
}

// layout chooses the largest cells with which the picture keeps within its bounds, of as few blocks as possible.
func (m *Map) layout() layout {
	for stride := 1; ; stride++ {
		p := layout{counts: folded(m.counts), stride: stride}
		p.planes, p.rows, p.columns = cells(p.counts[0], stride), cells(p.counts[1], stride), cells(p.counts[2], stride)
		for p.pixels = largest; p.pixels > 0; p.pixels-- {
			if p.stepX() > widest+between {
				continue
			}
			p.perRow = min(p.planes, max(1, (widest+between)/p.stepX()))
			if p.size().Y <= tallest {
				return p
			}
		}
	}
}

// cells returns how many cells n blocks take; there is one at least, which may be of no block.
func cells(n, stride int) int { return max(1, (n+stride-1)/stride) }

// folded returns the counts of a grid as three: the axes before the last two are one.
func folded(counts geometry.Coordinate) [3]int {
	three := [3]int{1, 1, 1}
	for d, n := range counts {
		if k := d + 3 - len(counts); k >= 0 {
			three[k] *= n
		} else {
			three[0] *= n
		}
	}
	return three
}

func (p layout) stepX() int { return p.columns*p.pixels + between }
func (p layout) stepY() int { return p.rows*p.pixels + between }

func (p layout) size() image.Point {
	rows := int(math.Ceil(float64(p.planes) / float64(p.perRow)))
	return image.Pt(p.perRow*p.stepX()-between, rows*p.stepY()-between)
}

// at returns the most remarkable state of the blocks of a cell.
func (m *Map) at(p layout, plane, row, column int) State {
	top := Outside
	for z := plane * p.stride; z < min((plane+1)*p.stride, p.counts[0]); z++ {
		for y := row * p.stride; y < min((row+1)*p.stride, p.counts[1]); y++ {
			first := (z*p.counts[1] + y) * p.counts[2]
			for x := column * p.stride; x < min((column+1)*p.stride, p.counts[2]); x++ {
				top = max(top, m.State(int64(first+x)))
			}
		}
	}
	return top
}
