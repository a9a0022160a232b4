package config

import (
	"maps"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// mapping fills n with a map's fields: its own, then those of its merge keys that it does not have itself.
func (b *treeBuilder) mapping(n *Node, values []*ast.MappingValueNode, depth int) {
	n.kind = Map
	own := map[string]*Node{}
	var merged []*Node
	for _, entry := range values {
		if entry.Key.IsMergeKey() {
			merged = append(merged, b.merge(n, entry, depth)...)
			continue
		}
		name, ok := b.keyName(entry.Key)
		value := b.build(n, entry.Value, depth+1)
		value.name, value.key = name, tokenSpan(entry.Key.GetToken())
		switch first := own[name]; {
		case !ok:
		case first != nil:
			b.errs = append(b.errs, duplicate(first, value))
		default:
			own[name] = value
			n.children = append(n.children, value)
		}
	}
	for _, m := range merged {
		for _, c := range m.children {
			if own[c.name] == nil {
				own[c.name] = c
				c.parent = n
				n.children = append(n.children, c)
			}
		}
	}
}

// merge returns the maps that a merge key names: one, or a list of which the earlier win.
func (b *treeBuilder) merge(n *Node, entry *ast.MappingValueNode, depth int) []*Node {
	value := b.build(n, entry.Value, depth)
	sources := []*Node{value}
	if value.kind == List {
		sources = value.children
	}
	return slices.DeleteFunc(slices.Clone(sources), func(m *Node) bool {
		if m.kind == Map {
			return false
		}
		b.errs = append(b.errs, m.Errorf("<< merges mappings, and this is %s", m.kind))
		return true
	})
}

func (b *treeBuilder) keyName(key ast.MapKeyNode) (string, bool) {
	at := tokenSpan(key.GetToken())
	var in ast.Node = key
	if explicit, ok := in.(*ast.MappingKeyNode); ok {
		in = explicit.Value
	}
	switch v := in.(type) {
	case *ast.StringNode:
		return v.Value, true
	case ast.ScalarNode:
		if _, isAnchor := in.(*ast.AnchorNode); !isAnchor {
			return v.GetToken().Value, true
		}
	}
	b.failAt(at, "a field's name is needed here")
	return "", false
}

func (b *treeBuilder) anchor(parent *Node, v *ast.AnchorNode, depth int) *Node {
	name := v.Name.GetToken().Value
	b.anchors[name] = nil
	n := b.build(parent, v.Value, depth)
	b.anchors[name] = n
	return n
}

func (b *treeBuilder) alias(n *Node, v *ast.AliasNode, depth int) *Node {
	name := v.Value.GetToken().Value
	target, known := b.anchors[name]
	switch {
	case !known:
		e := b.failAt(n.at, "nothing is anchored as &%s above", name).Hint("nothing is anchored at all")
		if len(b.anchors) > 0 {
			e.Hint("%s", Suggest(name, slices.Collect(maps.Keys(b.anchors))))
		}
	case target == nil:
		b.failAt(n.at, "*%s stands inside of what it names", name)
	default:
		return b.copy(n.parent, target, n.at, depth)
	}
	return n
}

// copy returns a copy of an anchored value with another parent. Its nodes point at the anchor's lines, where an error in
// them is to be mended.
func (b *treeBuilder) copy(parent, from *Node, alias span, depth int) *Node {
	n := *from
	n.parent, n.children = parent, nil
	if b.copies++; b.copies > maxCopies || depth > maxDepth {
		if !b.flooded {
			b.failAt(alias, "aliases expand to more than %d values or %d levels", maxCopies, maxDepth)
		}
		b.flooded, b.copies = true, maxCopies
		return &n
	}
	for _, c := range from.children {
		n.children = append(n.children, b.copy(&n, c, alias, depth+1))
	}
	return &n
}
