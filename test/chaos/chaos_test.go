package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestChaos does the rounds of the short mode, or as many as CHAOS_ROUNDS says.
func TestChaos(t *testing.T) {
	rounds := short()
	if settings.rounds > 0 || settings.only >= 0 {
		rounds = long(max(settings.rounds, settings.only+1))
	}
	if settings.rounds == 0 && settings.only < 0 {
		t.Logf("%d rounds; `make chaos` does many more", len(rounds))
	}
	free := make(chan struct{}, settings.parallel)
	for i, s := range rounds {
		if settings.only >= 0 && i != settings.only || !settings.match.MatchString(s.name) {
			continue
		}
		t.Run(fmt.Sprintf("%03d", i), func(t *testing.T) {
			t.Parallel()
			free <- struct{}{}
			defer func() { <-free }()
			began := time.Now()
			s.do(newRound(t, i, s.name))
			t.Logf("%s: %v", s.name, time.Since(began).Round(time.Millisecond))
		})
	}
}

// short comes across every crash point once and does one round of most kinds.
func short() []scenario {
	seg, many := segmentation(biasOfFile), noops()
	stalled := network{upStalls: true, downStalls: true}
	return append(features(false),
		blockKillsUp(),
		blockHangs(),
		killAt(seg, 1, preparePoints...),
		killAt(many, 1, trackerPoints...),
		killAt(many, 1, workerPoints...),
		killAt(seg, 1, commitPoints...),
		leaderKilledAt(seg, 1, "tracker.queue", "tracker.folded", "tracker.marked"),
		workerKilledAt(seg, 1, "worker.processed"),
		sleeperAt(seg, "worker.processed", true),
		sleeperMissesDrop("array.written", true, false),
		sleeperMissesDrop("file.written", false, true),
		dropKilledAt("drop.forgot"),
		dropKilledAt("drop.removed"),
		networkFails(seg, stalled, 2*ackWait, true),
		networkFails(many, network{cut: true}, ackWait/2, false),
		diskFull(false),
		diskFull(true),
		serversKilled(many, 3),
		leaderReplaced(seg, false),
		storm(seg, false),
		storm(many, true),
	)
}

// long walks every crash point in every way, then goes on at random.
func long(n int) []scenario {
	rounds := walk()
	for i := len(rounds); i < n; i++ {
		rounds = append(rounds, random(rand.New(rand.NewPCG(settings.seed, uint64(i)|1<<32))))
	}
	return rounds[:n]
}

// walk is the deterministic part of the long mode.
func walk() []scenario {
	seg, many := segmentation(biasOfFile), noops()
	var rounds []scenario
	for _, p := range slices.Concat(preparePoints, trackerPoints, workerPoints, commitPoints) {
		rounds = append(rounds, killAt(seg, 1, p))
	}
	for _, p := range slices.Concat(trackerPoints, workerPoints) {
		rounds = append(rounds, killAt(many, 3, p))
	}
	for _, p := range slices.Concat(preparePoints, trackerPoints, workerPoints, commitPoints) {
		rounds = append(rounds, freezeAt(seg, 1, p))
	}
	for _, p := range trackerPoints {
		rounds = append(rounds, leaderKilledAt(seg, 1, p))
	}
	for _, p := range slices.Concat(workerPoints, commitPoints) {
		rounds = append(rounds, workerKilledAt(seg, 1, p), sleeperAt(seg, p, true), sleeperAt(seg, p, false),
			sleeperMissesDrop(p, true, false), sleeperMissesDrop(p, false, false), sleeperMissesDrop(p, true, true))
	}
	for _, p := range dropPoints {
		rounds = append(rounds, dropKilledAt(p))
	}
	for _, n := range []network{{cut: true}, {upStalls: true}, {downStalls: true}, {upStalls: true, downStalls: true}} {
		rounds = append(rounds, networkFails(seg, n, ackWait/2, false), networkFails(many, n, 2*ackWait, true),
			networkFails(seg, n, 2*ackWait, false))
	}
	return append(append(rounds, networkFails(seg, network{delay: 20 * time.Millisecond}, ackWait, false),
		serversKilled(seg, 1), serversKilled(many, 1), serversKilled(seg, 3), serversKilled(many, 3),
		leaderReplaced(seg, false), leaderReplaced(many, false), leaderReplaced(seg, true), leaderReplaced(many, true),
		leaderSleeps(seg), leaderSleeps(many), databaseLocked(), diskFull(false), diskFull(true),
		blockKillsUp(), blockKillsStages(), blockHangs(),
	), features(true)...)
}

// random draws a round.
func random(rng *rand.Rand) scenario {
	w := []workload{segmentation(biasOfFile), noops(), mixed(), masked("extract-frags"), masked("relabel")}[rng.IntN(5)]
	one := func(points []string) string { return points[rng.IntN(len(points))] }
	hit := 1 + rng.IntN(12)
	switch rng.IntN(10) {
	case 0:
		return killAt(w, hit, one(trackerPoints), one(trackerPoints), one(workerPoints))
	case 1:
		return leaderKilledAt(w, hit, one(trackerPoints), one(trackerPoints))
	case 2:
		return workerKilledAt(w, hit, one(workerPoints))
	case 3:
		return sleeperAt(w, one(workerPoints), rng.IntN(2) == 0)
	case 4:
		return sleeperMissesDrop(one(slices.Concat(workerPoints, commitPoints)), rng.IntN(2) == 0, rng.IntN(3) == 0)
	case 6:
		return childrenKilled([]workload{mixed(), masked("extract-frags"), masked("relabel")}[rng.IntN(3)])
	case 5:
		n := network{cut: rng.IntN(2) == 0, upStalls: rng.IntN(2) == 0, downStalls: rng.IntN(2) == 0}
		return networkFails(w, n, time.Duration(rng.Int64N(int64(3*ackWait))), rng.IntN(2) == 0)
	}
	return storm(w, rng.IntN(3) == 0)
}
