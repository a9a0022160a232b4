package pipeline

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/dustin/go-humanize"

	"volara/config"
)

// A Memory is the budget of a process: what its blocks in work, as they are predicted, and its cache may take together.
type Memory struct {
	Bytes int64 // 0: no limit
	// Given tells that a person has set the limit. A block that does not fit is refused then; else it is processed while
	// no other one is.
	Given bool
}

// DefaultMemory is the share of the memory there is that a process takes where it is not told.
const DefaultMemory = 80 // percent

// ParseMemory reads a budget: a size as in 8GiB, 500MB or 8000000000, a share of the memory there is as in 50%, off, or
// nothing for the default. The memory there is, is the host's, or what the process's control groups allow of it.
func ParseMemory(text string) (Memory, error) {
	switch text = strings.TrimSpace(text); strings.ToLower(text) {
	case "":
		available, err := availableMemory()
		if err != nil {
			return Memory{}, nil // where it cannot be known, nothing is limited
		}
		return Memory{Bytes: share(available, DefaultMemory)}, nil
	case "off":
		return Memory{}, nil
	}
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		p, err := strconv.ParseFloat(percent, 64)
		if err != nil {
			return Memory{}, notMemory(text)
		}
		if !(p > 0 && p <= 100) {
			return Memory{}, inputErrorf("--memory %s: a share is above 0%% and at most 100%%", text)
		}
		available, err := availableMemory()
		if err != nil {
			return Memory{}, inputErrorf("--memory %s: how much memory there is cannot be found out (%w); give a size as in 8GiB", text, err)
		}
		return Memory{share(available, p), true}, nil
	}
	n, err := humanize.ParseBytes(text)
	if err != nil || n == 0 || n > math.MaxInt64 {
		return Memory{}, notMemory(text)
	}
	return Memory{int64(n), true}, nil
}

func notMemory(text string) error {
	return inputErrorf("--memory %s: not a size; 8GiB or 500MB, a share as in 50%%, or off is meant", text)
}

func share(available uint64, percent float64) int64 {
	return int64(min(float64(available)*percent/100, math.MaxInt64/2))
}

// availableMemory returns how much memory this process may have: the host's, or less when a control group says so.
func availableMemory() (uint64, error) {
	host, err := memlimit.FromSystem()
	if err != nil {
		return 0, err
	}
	limit, err := memlimit.FromCgroup()
	if err != nil { // no control groups, or none with a limit
		return host, nil
	}
	return min(host, limit), nil
}

// forBlocks returns what of the budget the blocks may have, 0 for no limit.
func (m Memory) forBlocks(cacheBytes int) int64 {
	if m.Bytes == 0 {
		return 0
	}
	return max(m.Bytes-int64(cacheBytes), 1)
}

// childMemory is what a child process needs besides its block and its cache.
const childMemory = 48 << 20

// memory predicts the peak of one block of the task; 0: unknown.
func (t *TaskPlan) memory() int64 {
	need := t.Plan.BlockMemory
	if t.Stage.Common().Apart() {
		need += childMemory
	}
	return need
}

// checkMemory refuses a plan of which a block does not fit into a budget that somebody has set; where nobody has, it
// returns warnings.
func (p *Plan) checkMemory(m Memory, cacheBytes int) (warnings []string, err error) {
	limit := m.forBlocks(cacheBytes)
	if limit == 0 {
		return nil, nil
	}
	var errs []error
	for _, t := range p.Tasks {
		need := t.memory()
		if need <= limit {
			continue
		}
		if !m.Given {
			warnings = append(warnings, fmt.Sprintf("%s: a block needs about %s, and %s is what all blocks in work should need together here: they are processed one at a time; a smaller block_size makes room",
				t.Name, humanize.IBytes(uint64(need)), humanize.IBytes(uint64(limit))))
			continue
		}
		errs = append(errs, t.node.Errorf("a block of %s needs about %s of memory, but --memory %s less the cache of %s leaves %s: make its block_size smaller, or the budget larger",
			t.Name, humanize.IBytes(uint64(need)), humanize.IBytes(uint64(m.Bytes)), humanize.IBytes(uint64(cacheBytes)), humanize.IBytes(uint64(max(0, m.Bytes-int64(cacheBytes))))))
	}
	return warnings, config.Join(errs...)
}

// Soften makes the garbage collector of this process work harder near the budget, unless GOMEMLIMIT already says when.
func (m Memory) Soften() {
	if m.Bytes > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(m.Bytes)
	}
}
