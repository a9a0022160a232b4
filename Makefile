# make deps    install what is missing where that is allowed, else say what to install
# make build   the programs into bin/
# make demo    a synthetic volume, segmented, killed half way and resumed, with pictures, in volara-demo/
# make test    format, vet, staticcheck, layering, unit tests with the race detector, black-box tests
# make chaos   300 rounds of kills, stops, cuts and full disks (CHAOS_ROUNDS, CHAOS_SEED, CHAOS_MATCH)
# make fuzz    every fuzz target for FUZZTIME (30s)
# make scale   runs of 10⁴ to 10⁸ blocks a stage, killed and resumed: the table of docs/scale.md (SIZES, SHAPE; 25 minutes)
# make bench   Go benchmarks; docs/benchmarks.md tells how to measure beside the Python tools

GO       ?= go
FUZZTIME ?= 30s
SIZES    ?= 1e4,1e5,1e6,1e7,1e8
SHAPE    ?= cube
export CGO_ENABLED = 1

.PHONY: build demo test lint deps testdeps unit blackbox chaos fuzz scale bench clean

build: deps
	$(GO) build -o bin/ ./cmd/...

demo: build
	bin/volara demo volara-demo

test: lint unit blackbox

lint: deps
	@unformatted=$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go')); \
	  if [ -n "$$unformatted" ]; then echo "not formatted (gofmt -w):"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -count=1 -run TestLayering ./test

unit: testdeps
	$(GO) test -race -timeout 10m $$($(GO) list ./... | grep -v '/test\(/chaos\|/interop\)\?$$')

blackbox: build testdeps
	$(GO) test -count=1 -timeout 12m ./test ./test/chaos ./test/interop

chaos: testdeps
	CHAOS_ROUNDS=$${CHAOS_ROUNDS:-300} $(GO) test -count=1 -timeout 120m -v -run TestChaos ./test/chaos

fuzz: deps
	@for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
	  done; done

scale: deps
	$(GO) test ./test/scale -run Growth -count=1 -v -timeout 3h -args -sizes $(SIZES) -shape $(SHAPE)

bench: deps
	$(GO) test -run '^$$' -bench . -benchmem ./...

deps:
	@sh scripts/deps.sh

testdeps:
	@sh scripts/deps.sh test

clean:
	rm -rf bin volara-demo
