package demo

import (
	"fmt"
	"image"
	"image/color"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Lengths on a sheet, in pixels.
const (
	margin  = 28
	gap     = 18
	heading = 34 // of the sheet
	caption = 30 // of a panel
)

// A panel is a picture with a caption and a remark in smaller type.
type panel struct {
	image   *image.RGBA
	caption string
	remark  string
}

// A style holds the type and the colours of sheets.
type style struct {
	title, text, small font.Face
	paper, ink, pale   color.RGBA
}

func newStyle() (*style, error) {
	face := func(ttf []byte, size float64) (font.Face, error) {
		f, err := opentype.Parse(ttf)
		if err != nil {
			return nil, fmt.Errorf("parsing the built-in font: %w", err)
		}
		return opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
	}
	s := style{paper: color.RGBA{16, 17, 21, 255}, ink: color.RGBA{228, 230, 235, 255}, pale: color.RGBA{139, 145, 158, 255}}
	var err error
	if s.title, err = face(gomedium.TTF, 21); err != nil {
		return nil, err
	}
	if s.text, err = face(gomedium.TTF, 17); err != nil {
		return nil, err
	}
	s.small, err = face(goregular.TTF, 14)
	return &s, err
}

// write sets a line of text with its baseline at y and returns where it ends.
func (s *style) write(dst draw.Image, face font.Face, c color.Color, x, y int, text string) int {
	d := font.Drawer{Dst: dst, Src: image.NewUniform(c), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(text)
	return d.Dot.X.Ceil()
}

// sheet lays rows of panels out under a heading.
func (s *style) sheet(title, remark string, rows ...[]panel) *image.RGBA {
	width, height := 0, 2*margin+heading
	for _, row := range rows {
		w, h := -gap, 0
		for _, p := range row {
			w += p.image.Rect.Dx() + gap
			h = max(h, p.image.Rect.Dy())
		}
		width, height = max(width, w), height+caption+h+gap
	}
	dst := image.NewRGBA(image.Rect(0, 0, width+2*margin, height-gap))
	draw.Draw(dst, dst.Rect, image.NewUniform(s.paper), image.Point{}, draw.Src)
	end := s.write(dst, s.title, s.ink, margin, margin+14, title)
	s.write(dst, s.small, s.pale, end+14, margin+14, remark)
	y := margin + heading
	for _, row := range rows {
		x, h := margin, 0
		for _, p := range row {
			end := s.write(dst, s.text, s.ink, x, y+18, p.caption)
			s.write(dst, s.small, s.pale, end+9, y+18, p.remark)
			at := image.Pt(x, y+caption)
			draw.Draw(dst, p.image.Rect.Add(at), p.image, image.Point{}, draw.Src)
			x, h = x+p.image.Rect.Dx()+gap, max(h, p.image.Rect.Dy())
		}
		y += caption + h + gap
	}
	return dst
}

// scaleBar draws a bar of a round length, at most a third of the picture, into its lower left corner.
func (s *style) scaleBar(dst *image.RGBA, worldPerPixel float64, unit string) {
	most := worldPerPixel * float64(dst.Rect.Dx()) / 3
	length := 1.0
	for _, next := range []float64{1, 2, 5} {
		for l := next; l <= most; l *= 10 {
			length = max(length, l)
		}
	}
	text := fmt.Sprintf("%g %s", length, unit)
	if unit == "nm" && length >= 1000 {
		text = fmt.Sprintf("%g µm", length/1000)
	}
	x, y, w := 14, dst.Rect.Dy()-14, int(length/worldPerPixel)
	back := image.Rect(x-6, y-26, x+max(w, font.MeasureString(s.small, text).Ceil())+6, y+6)
	draw.Draw(dst, back, image.NewUniform(color.RGBA{0, 0, 0, 110}), image.Point{}, draw.Over)
	draw.Draw(dst, image.Rect(x, y-3, x+w, y), image.NewUniform(color.White), image.Point{}, draw.Src)
	s.write(dst, s.small, color.White, x, y-9, text)
}
