package nd_test

import (
	"slices"
	"strings"
	"testing"

	"volara/nd"
)

var allTypes = []nd.DType{nd.Bool, nd.Int8, nd.Int16, nd.Int32, nd.Int64, nd.Uint8, nd.Uint16, nd.Uint32, nd.Uint64,
	nd.Float16, nd.Float32, nd.Float64, nd.Complex64, nd.Complex128}

func TestDTypes(t *testing.T) {
	names := map[nd.DType]string{nd.Bool: "bool", nd.Int8: "int8", nd.Int64: "int64", nd.Uint16: "uint16", nd.Float16: "float16",
		nd.Float64: "float64"}
	sizes := map[nd.DType]int{nd.Bool: 1, nd.Int8: 1, nd.Int16: 2, nd.Int32: 4, nd.Int64: 8, nd.Uint8: 1, nd.Uint16: 2,
		nd.Uint32: 4, nd.Uint64: 8, nd.Float16: 2, nd.Float32: 4, nd.Float64: 8, nd.Complex64: 8, nd.Complex128: 16}
	for _, dtype := range allTypes {
		back, err := nd.ParseDType(dtype.String())
		if err != nil || back != dtype {
			t.Errorf("%v is parsed as %v: %v", dtype, back, err)
		}
		if want, ok := names[dtype]; ok && dtype.String() != want {
			t.Errorf("%v is not called %s", dtype, want)
		}
		if again, ok := nd.ParseCode(dtype.Code()); !ok || again != dtype {
			t.Errorf("%v has the code %q, which is that of %v", dtype, dtype.Code(), again)
		}
		if dtype.Size() != sizes[dtype] {
			t.Errorf("%v has %d bytes", dtype, dtype.Size())
		}
		name := dtype.String()
		float, complex := strings.HasPrefix(name, "float"), strings.HasPrefix(name, "complex")
		unsigned := strings.HasPrefix(name, "uint")
		if dtype.IsFloat() != float || dtype.IsInteger() != (unsigned || strings.HasPrefix(name, "int")) ||
			dtype.IsComplex() != complex || dtype.IsUnsigned() != unsigned {
			t.Errorf("%v: float %v, integer %v, complex %v, unsigned %v", dtype, dtype.IsFloat(), dtype.IsInteger(),
				dtype.IsComplex(), dtype.IsUnsigned())
		}
		if part := dtype.Part(); complex && (part.Size()*2 != dtype.Size() || !part.IsFloat()) || !complex && part != dtype {
			t.Errorf("a part of %v is %v", dtype, part)
		}
	}
	if !slices.Equal(nd.DTypes(), allTypes) {
		t.Errorf("%v", nd.DTypes())
	}
	for _, name := range []string{"", "invalid", "float", "uint128", "Uint8"} {
		if dtype, err := nd.ParseDType(name); err == nil {
			t.Errorf("%q is parsed as %v", name, dtype)
		}
	}
	for _, code := range []string{"", "u3", "U1", "<u1"} {
		if dtype, ok := nd.ParseCode(code); ok {
			t.Errorf("%q is the code of %v", code, dtype)
		}
	}
	if nd.Complex128.Code() != "c16" || nd.Bool.Code() != "b1" || nd.Uint16.Code() != "u2" {
		t.Errorf("%s %s %s", nd.Complex128.Code(), nd.Bool.Code(), nd.Uint16.Code())
	}
	if got := nd.DType(200).String(); got != "DType(200)" {
		t.Errorf("an unknown type is called %s", got)
	}
	if nd.Invalid.IsInteger() || nd.Invalid.IsFloat() {
		t.Error("the invalid type is a number")
	}
}
