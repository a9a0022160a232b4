package sqlite

import (
	"database/sql/driver"
	"fmt"
	"math"

	"volara/graph"
)

// floor returns a number of the database rounded down: positions of others may have fractions.
func floor(v driver.Value) (int, bool) {
	switch v := v.(type) {
	case int64:
		return int(v), true
	case float64:
		if f := math.Floor(v); f >= -(1<<62) && f <= 1<<62 {
			return int(f), true
		}
	}
	return 0, false
}

// edgeValue returns a number of the database as a float; what is no number is absent.
func edgeValue(v driver.Value) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case int64:
		return float64(v)
	}
	return graph.Absent
}

// fromEdge makes a column's value of a float: absent is NULL, whole numbers go into integer columns as such.
func fromEdge(column graph.Attr, v float64) (driver.Value, error) {
	if graph.IsAbsent(v) {
		return nil, nil
	}
	switch column.Type.Kind {
	case graph.KindFloat:
		return v, nil
	case graph.KindInt, graph.KindBool:
		const exact = 1 << 53
		if v != math.Trunc(v) || math.Abs(v) > exact {
			return nil, fmt.Errorf("%v of attribute %s is no integer within ±2^53", v, column.Name)
		}
		return int64(v), nil
	}
	return nil, fmt.Errorf("attribute %s is a %v, a number is given", column.Name, column.Type)
}

// fromNode checks that a node's value is of the column's type.
func fromNode(column graph.Attr, v any) (driver.Value, error) {
	ok := false
	switch v := v.(type) {
	case nil:
		return nil, nil
	case float64:
		if math.IsNaN(v) {
			return nil, nil
		}
		ok = column.Type.Kind == graph.KindFloat
	case int64:
		ok = column.Type.Kind == graph.KindInt || column.Type.Kind == graph.KindFloat
	case bool:
		ok = column.Type.Kind == graph.KindBool
	case string:
		ok = column.Type.Kind == graph.KindString
	}
	if !ok {
		return nil, fmt.Errorf("%v (%T) is no value of attribute %s (%v)", v, v, column.Name, column.Type)
	}
	return v, nil
}

// toNode is the inverse of fromNode; what is of no known type is handed on as it is.
func toNode(column graph.Attr, v driver.Value) any {
	switch v := v.(type) {
	case int64:
		switch column.Type.Kind {
		case graph.KindBool:
			return v != 0
		case graph.KindFloat:
			return float64(v)
		}
	case []byte:
		return string(v)
	}
	return v
}
