package config

import (
	"fmt"
	"reflect"

	"volara/geometry"
)

func (d *decoder) slice(n *Node, v reflect.Value) {
	if n.kind != List {
		d.mismatch(n, needed(v.Type()))
		return
	}
	s := reflect.MakeSlice(v.Type(), n.Len(), n.Len())
	for i, item := range n.Items() {
		d.value(item, s.Index(i))
	}
	v.Set(s)
}

func (d *decoder) array(n *Node, v reflect.Value) {
	if n.kind != List {
		d.mismatch(n, needed(v.Type()))
		return
	}
	if n.Len() != v.Len() {
		d.fail(n.Errorf("%s has %d items, %d are needed", n.label(), n.Len(), v.Len()))
		return
	}
	v.SetZero()
	for i, item := range n.Items() {
		d.value(item, v.Index(i))
	}
}

func (d *decoder) stringMap(n *Node, v reflect.Value) {
	if v.Type().Key().Kind() != reflect.String {
		panic(fmt.Sprintf("config: cannot decode into %v", v.Type()))
	}
	if n.kind != Map {
		d.mismatch(n, needed(v.Type()))
		return
	}
	m := reflect.MakeMapWithSize(v.Type(), n.Len())
	for name, item := range n.Fields() {
		value := reflect.New(v.Type().Elem()).Elem()
		d.value(item, value)
		m.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), value)
	}
	v.Set(m)
}

func (d *decoder) coordinate(n *Node, v reflect.Value) {
	before := len(d.errs)
	d.slice(n, v)
	if len(d.errs) > before {
		return
	}
	if n.Len() < 1 || n.Len() > geometry.MaxDims {
		d.fail(n.Errorf("%s has %d components, 1 to %d are needed, one an axis", n.label(), n.Len(), geometry.MaxDims))
	}
}

func (d *decoder) roi(n *Node, v reflect.Value) {
	const hint = "a roi is [offset, shape], as [[0, 0, 0], [100, 200, 200]]"
	if n.kind != List || n.Len() != 2 {
		if n.kind == List {
			d.fail(n.Errorf("%s has %d items, an offset and a shape are needed", n.label(), n.Len()).Hint(hint))
		} else {
			d.mismatch(n, "a list of offset and shape").Hint(hint)
		}
		return
	}
	var r geometry.Roi
	before := len(d.errs)
	d.value(n.Index(0), reflect.ValueOf(&r.Offset).Elem())
	d.value(n.Index(1), reflect.ValueOf(&r.Shape).Elem())
	if len(d.errs) > before {
		return
	}
	if len(r.Offset) != len(r.Shape) {
		d.fail(n.Errorf("the offset of %s has %d components and its shape %d", n.label(), len(r.Offset), len(r.Shape)).Hint(hint))
		return
	}
	for i, size := range r.Shape {
		if size < 0 {
			d.fail(n.At(1, i).Errorf("the shape of %s is negative here", n.label()).Hint(hint))
		} else if begin := r.Offset[i]; begin+size < begin {
			d.fail(n.At(1, i).Errorf("%s ends beyond what a whole number can hold", n.label()))
		}
	}
	v.Set(reflect.ValueOf(r))
}
