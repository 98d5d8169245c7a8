// Holds the judge of tests/simulate (history.c) against porcupine, a checker of linearizability by
// other people: every history that the simulation exports, and what is made of it by replacing a
// read by an older value, or by dropping an acknowledged commit with all that was seen of it.
//
//	go run . -runs 1000 ../../../build/sanitize/tests/simulate
//
// Porcupine gets each place as a register. A commit is a write between its beginning and its end,
// or at any time after its beginning when nobody knows its end. What has no number of its own
// (shifts, deletions, what comes a second time, consumers beside the mounts) is a write at the
// moment at which the service carried it out. A read has the time in which what it shows must have
// been there.
//
// Our judge knows the order in which the service carried things out, and that is more: it finds a
// lost commit that nobody reads, and holds each mount to what it acknowledged itself. So what
// porcupine finds ours must find, and what ours alone finds must be of these two kinds.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// As in history.h.
const (
	actCommit    = 0
	actRead      = 4
	actReadSaved = 5
	actRemove    = 7
	actFind      = 8

	acknowledged = 1
	refused      = 2

	partitions  = 4
	checkpoints = 8
	thingApp    = 8
	step        = 1000
	nothing     = -1
	snapshotMs  = 1000
)

// A line of an export.
type line struct {
	when    int64
	word    string
	numbers []int64
	text    string
}

type deed struct {
	number, mount, act, place int64
	began, ended              int64
	ending                    int64
	error                     int64
	seen                      int64
	endLine                   int // -1 while it has none
	applied                   []int
}

type change struct {
	when, place, value int64
	deed               *deed // whose it was, where its number tells; or nil
}

type question struct{ mount, began, ended, ofNames int64 }

type history struct {
	lines     []line
	deeds     []*deed
	changes   []change
	questions []question
}

func parseLine(text string) line {
	var parsed line

	fields := strings.SplitN(text, " ", 3)
	fmt.Sscan(fields[0], &parsed.when)
	parsed.word = fields[1]
	for _, field := range strings.Split(fields[2], " ") {
		var number int64

		if _, err := fmt.Sscan(field, &number); err == nil && (parsed.word != "applied" || len(parsed.numbers) < 4) {
			parsed.numbers = append(parsed.numbers, number)
		} else {
			parsed.text = field
		}
	}
	return parsed
}

func (l line) String() string {
	text := fmt.Sprint(l.when, " ", l.word)
	for _, number := range l.numbers {
		text += fmt.Sprint(" ", number)
	}
	if l.word == "applied" {
		text += " " + l.text
	}
	return text
}

func readLines(path string) []line {
	var lines []line

	file, err := os.Open(path)
	check(err)
	defer file.Close()
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		lines = append(lines, parseLine(scanner.Text()))
	}
	return lines
}

func writeLines(path string, lines []line) {
	var text strings.Builder

	for _, l := range lines {
		text.WriteString(l.String() + "\n")
	}
	check(os.WriteFile(path, []byte(text.String()), 0o600))
}

// What the lines tell

func (h *history) end(index int, l line) {
	d := h.deeds[l.numbers[0]-1]
	d.ended, d.ending, d.error, d.seen, d.endLine = l.when, l.numbers[1], l.numbers[2], l.numbers[3], index
}

func (h *history) apply(index int, l line) {
	c := change{when: l.when, place: l.numbers[0], value: l.numbers[1]}
	number := c.value / step
	isCommit := c.value >= 0 && c.value%step == 0 && !strings.HasPrefix(l.text, "m")
	if isCommit && number >= 1 && number <= int64(len(h.deeds)) && h.deeds[number-1].act == actCommit {
		c.deed = h.deeds[number-1]
		c.deed.applied = append(c.deed.applied, index)
	}
	h.changes = append(h.changes, c)
}

// All of an app's checkpoints go with it.
func (h *history) remove(l line) {
	h.changes = append(h.changes, change{when: l.when, place: l.numbers[0], value: nothing})
	for place := int64(partitions); l.numbers[0] == thingApp && place < checkpoints; place++ {
		h.changes = append(h.changes, change{when: l.when, place: place, value: nothing})
	}
}

func newHistory(lines []line) *history {
	h := &history{lines: lines}

	for i, l := range lines {
		n := l.numbers
		switch l.word {
		case "begin":
			h.deeds = append(h.deeds, &deed{number: n[0], mount: n[1], act: n[2], place: n[3],
				began: l.when, ended: math.MaxInt64 / 8, endLine: -1})
		case "end":
			h.end(i, l)
		case "applied":
			h.apply(i, l)
		case "made":
			h.changes = append(h.changes, change{when: l.when, place: n[0], value: 1})
		case "removed":
			h.remove(l)
		case "undone":
			h.changes = append(h.changes, change{when: l.when, place: n[0], value: n[1]})
		case "asked":
			h.questions = append(h.questions, question{n[0], l.when - n[1], l.when, n[2]})
		}
	}
	return h
}

func isRead(d *deed) bool {
	return d.act == actRead || d.act == actReadSaved || (d.act == actFind && d.seen == nothing)
}

// From when on what a read shows must have been there: questions that were answered before it ended
// tell how old it may be.
func (h *history) from(d *deed) int64 {
	if d.act == actRead && d.seen != nothing {
		return d.began
	}
	from := d.began - snapshotMs
	first := from
	for _, q := range h.questions {
		if q.mount == d.mount && q.ended >= from && q.ended <= d.ended && q.began < first &&
			(q.ofNames == 0 || d.place >= partitions) {
			first = q.began
		}
	}
	return first
}

// When the last commit of its own was carried out that its mount had acknowledged before.
func (h *history) own(read *deed) int64 {
	own := int64(math.MinInt64)
	for _, d := range h.deeds {
		if d.act == actCommit && d.mount == read.mount && d.place == read.place &&
			d.ending == acknowledged && d.ended < read.began && len(d.applied) > 0 {
			own = max(own, h.lines[d.applied[0]].when)
		}
	}
	return own
}

// The reference

type input struct {
	isRead bool
	value  int64
}

var register = porcupine.Model{
	Init: func() interface{} { return int64(nothing) },
	Step: func(state, in, _ interface{}) (bool, interface{}) {
		op := in.(input)
		if op.isRead {
			return state.(int64) == op.value, state
		}
		return true, op.value
	},
}

// What happens within a millisecond may have happened in any order.
func operation(op input, from, to int64) porcupine.Operation {
	return porcupine.Operation{Input: op, Call: 4 * from, Return: 4*to + 3}
}

func (h *history) operations(place int64) []porcupine.Operation {
	var operations []porcupine.Operation

	seen := map[*deed]bool{}
	for _, c := range h.changes {
		if c.place != place {
			continue
		}
		if c.deed != nil && !seen[c.deed] && c.deed.ending != refused {
			seen[c.deed] = true
			continue
		}
		operations = append(operations, operation(input{value: c.value}, c.when, c.when))
	}
	for _, d := range h.deeds {
		if d.place != place {
			continue
		}
		if d.act == actCommit && d.ending != refused {
			to := d.ended
			if d.ending != acknowledged {
				to = math.MaxInt64 / 8
			}
			operations = append(operations, operation(input{value: d.number * step}, d.began, to))
		}
		if isRead(d) && d.ending == acknowledged {
			from := max(h.from(d), h.own(d))
			operations = append(operations, operation(input{isRead: true, value: d.seen}, from, d.ended))
		}
	}
	return operations
}

func (h *history) reference() porcupine.CheckResult {
	for place := int64(0); place <= thingApp+2; place++ {
		result := porcupine.CheckOperationsTimeout(register, h.operations(place), 20*time.Second)
		if result != porcupine.Ok {
			return result
		}
	}
	return porcupine.Ok
}

// Mutations

func copyLines(lines []line) []line {
	copied := make([]line, len(lines))
	for i, l := range lines {
		copied[i] = l
		copied[i].numbers = append([]int64(nil), l.numbers...)
	}
	return copied
}

// What was there before a time, and is not there after it.
func (h *history) before(place, when, other int64) []int64 {
	var values []int64
	for _, c := range h.changes {
		if c.place == place && c.when < when && c.value != other {
			values = append(values, c.value)
		}
	}
	return values
}

func (h *history) readsOlder(random *rand.Rand) []line {
	for tries := 0; tries < 200; tries++ {
		d := h.deeds[random.Intn(len(h.deeds))]
		if !isRead(d) || d.ending != acknowledged || d.place >= checkpoints {
			continue
		}
		if older := h.before(d.place, d.began, d.seen); len(older) > 0 {
			lines := copyLines(h.lines)
			lines[d.endLine].numbers[3] = older[random.Intn(len(older))]
			lines[d.endLine].numbers[2] = 0
			return lines
		}
	}
	return nil
}

// The service has never carried it out, and whoever saw it saw what was there before.
func (h *history) dropsCommit(random *rand.Rand) []line {
	for tries := 0; tries < 200; tries++ {
		d := h.deeds[random.Intn(len(h.deeds))]
		if d.act != actCommit || d.ending != acknowledged || len(d.applied) != 1 {
			continue
		}
		lines := copyLines(h.lines)
		before := int64(nothing)
		for _, c := range h.changes {
			if c.deed == d {
				break
			}
			if c.place == d.place {
				before = c.value
			}
		}
		for _, read := range h.deeds {
			if isRead(read) && read.place == d.place && read.seen == d.number*step {
				lines[read.endLine].numbers[3] = before
			}
		}
		return append(lines[:d.applied[0]], lines[d.applied[0]+1:]...)
	}
	return nil
}

// The comparison

type judge struct {
	in  io.Writer
	out *bufio.Reader
}

func newJudge(path string) *judge {
	command := exec.Command(path)
	in, err := command.StdinPipe()
	check(err)
	out, err := command.StdoutPipe()
	check(err)
	check(command.Start())
	return &judge{in, bufio.NewReader(out)}
}

func (j *judge) verdict(path string) string {
	fmt.Fprintln(j.in, path)
	text, err := j.out.ReadString('\n')
	check(err)
	return strings.TrimSpace(text)
}

type tally struct{ bothOk, bothWrong, oursAlone, unobserved, own, unknown, theirsAlone int }

// Why our judge may be alone with what it found.
func (t *tally) explain(h *history, verdict string) bool {
	var number, seen, from int64

	if _, err := fmt.Sscanf(verdict, "read %d saw %d, which was not there from %d on", &number, &seen, &from); err == nil {
		for _, c := range h.changes {
			d := h.deeds[number-1]
			if c.place == d.place && c.value == seen && c.when <= d.ended {
				t.own++
				return true
			}
		}
		return false
	}
	t.unobserved++
	return true
}

func (t *tally) add(name, path string, ours *judge) {
	h := newHistory(readLines(path))
	verdict := ours.verdict(path)
	result := h.reference()
	isOk := verdict == "ok"

	switch {
	case result == porcupine.Unknown:
		t.unknown++
	case isOk && result == porcupine.Ok:
		t.bothOk++
	case !isOk && result != porcupine.Ok:
		t.bothWrong++
	case isOk:
		t.theirsAlone++
		fmt.Printf("%s: porcupine alone finds something: %s\n", name, path)
	default:
		t.oursAlone++
		if !t.explain(h, verdict) {
			fmt.Printf("%s: our judge alone: %s: %s\n", name, verdict, path)
		}
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "porcupine:", err)
		os.Exit(2)
	}
}

func main() {
	runs := flag.Int("runs", 1000, "so many seeds of each simulation")
	first := flag.Int("first", 1, "the first of them")
	services := flag.String("services", "dis,sls,kafka,local", "which simulations")
	flag.Parse()
	build := flag.Arg(0)
	place, err := os.MkdirTemp("", "porcupine")
	check(err)
	ours := newJudge(filepath.Join(build, "judge-histories"))
	tallies := map[string]*tally{"as they are": {}, "a read is older": {}, "a commit is dropped": {}}
	for _, service := range strings.Split(*services, ",") {
		for seed := *first; seed < *first+*runs; seed++ {
			path := filepath.Join(place, fmt.Sprintf("%s-%d", service, seed))
			command := exec.Command(filepath.Join(build, "simulate-"+service), "--first", fmt.Sprint(seed),
				"--runs", "1", "--export", path)
			if output, err := command.CombinedOutput(); err != nil {
				fmt.Printf("%s", output)
				os.Exit(1)
			}
			h := newHistory(readLines(path))
			random := rand.New(rand.NewSource(int64(seed)))
			made := map[string][]line{"as they are": h.lines, "a read is older": h.readsOlder(random),
				"a commit is dropped": h.dropsCommit(random)}
			for kind, lines := range made {
				if lines == nil {
					continue
				}
				mutant := path + "-" + strings.ReplaceAll(kind, " ", "-")
				before := *tallies[kind]
				writeLines(mutant, lines)
				tallies[kind].add(service+" "+kind, mutant, ours)
				if tallies[kind].theirsAlone == before.theirsAlone {
					os.Remove(mutant)
				}
			}
			os.Remove(path)
		}
	}
	theirs := 0
	for kind, t := range tallies {
		fmt.Printf("%s: both right %d, both wrong %d, ours alone %d (%d read by nobody, %d stale for their own mount), "+
			"porcupine alone %d, not decided %d\n", kind, t.bothOk, t.bothWrong, t.oursAlone, t.unobserved,
			t.own, t.theirsAlone, t.unknown)
		theirs += t.theirsAlone
	}
	if theirs > 0 || tallies["as they are"].bothOk == 0 {
		os.Exit(1)
	}
	os.RemoveAll(place)
}
