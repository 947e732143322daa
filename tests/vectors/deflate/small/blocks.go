package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"

	"github.com/klauspost/pgzip"
)

// blocks prints "pgzip-NAME LEVEL SHA256": pgzip with blocks of 70000 bytes, without gzip header and trailer.
func blocks() {
	for _, level := range []int{-2, 1, 2, 3, 4, 5, 6, 7, 8, 9} {
		var all bytes.Buffer
		for _, input := range inputs() {
			var out bytes.Buffer
			w, err := pgzip.NewWriterLevel(&out, level)
			if err != nil {
				panic(err)
			}
			if err := w.SetConcurrency(70000, 2); err != nil {
				panic(err)
			}
			if _, err := w.Write(input); err != nil {
				panic(err)
			}
			if err := w.Close(); err != nil {
				panic(err)
			}
			all.Write(out.Bytes()[10 : out.Len()-8])
		}
		fmt.Printf("pgzip-%s %d %x\n", os.Args[1], level, sha256.Sum256(all.Bytes()))
	}
}
