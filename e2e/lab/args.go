package main

import (
	"flag"
	"fmt"
	"io"
)

// flags makes a quiet flag set: parse says what is wrong, once.
func flags(command string) *flag.FlagSet {
	fs := flag.NewFlagSet(command, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}

// parse reads flags before, between and after the arguments (package flag
// stops at the first argument) and wants least to most arguments.
func parse(fs *flag.FlagSet, args []string, least, most int) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, fmt.Errorf("%s: %w: run \"lab help\"", fs.Name(), err)
		}
		args = fs.Args()
		if len(args) == 0 {
			break
		}
		rest, args = append(rest, args[0]), args[1:]
	}
	if len(rest) < least || len(rest) > most {
		return nil, fmt.Errorf("%s: got %d arguments %q: run \"lab help\"", fs.Name(), len(rest), rest)
	}
	return rest, nil
}
