package flate

// Estimates is added to a copy of the package: it hashes what EstimatedBits says of 20000 made-up blocks.
func Estimates() uint64 {
	state := uint64(1)
	next := func() uint64 {
		state = state*6364136223846793005 + 1442695040888963407
		return state >> 33
	}
	hash := uint64(14695981039346656037)
	t := new(tokens)
	for range 20000 {
		t.Reset()
		for range 300 {
			r := next()
			t.AddLiteral(byte(r>>8) & byte(r))
		}
		for range 100 {
			r := next()
			t.AddMatch(uint32(r>>20)&uint32(r)&255, uint32(r>>8)&32767)
		}
		hash = (hash ^ uint64(t.EstimatedBits())) * 1099511628211
	}
	return hash
}
