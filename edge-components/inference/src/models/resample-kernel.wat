;; The two loops of resample.ts over every byte of a frame, eight products at a time. Compiled by
;; scripts/generate-kernels.ts.
;;
;; A list of places has two numbers for each output pixel: where the first input pixel lies, in bytes from the start of
;; its row or column, and how many pairs of pixels there are. Weights have 22 fractional bits, too many for the products of
;; 16-bit numbers that every processor adds in pairs. So the upper and the lower 11 bits are summed up by themselves, and
;; the sum is exact: of each pair of pixels there is a word with both upper parts, the first pixel's below, then one with
;; both lower parts. $stride bytes lie between the weights of one output pixel and the next's. Where an output pixel is made
;; of an odd number, the last weight is 0. All sums fit: 255 x 2^22, and a little for weights that were rounded up, is below 2^31.
(module
  (memory (export "memory") 1)

  ;; Half of an output unit, what the pixels' upper parts come to, and what their lower parts do.
  (func $rounded (param $upper v128) (param $lower v128) (result v128)
    (i32x4.shr_s
      (i32x4.add
        (i32x4.add (i32x4.shl (local.get $upper) (i32.const 11)) (local.get $lower))
        (v128.const i32x4 0x200000 0x200000 0x200000 0x200000))
      (i32.const 22)))

  ;; Each row of pixels of three bytes, from one width to another. Reads up to 13 bytes behind the last pixel, and writes
  ;; one.
  (func (export "across")
    (param $pixels i32) (param $rowBytes i32) (param $rows i32)
    (param $places i32) (param $to i32) (param $weights i32) (param $stride i32) (param $result i32)
    (local $place i32) (local $lastPlace i32) (local $read i32)
    (local $start i32) (local $weight i32) (local $end i32)
    (local $bytes v128) (local $pair v128) (local $upper v128) (local $lower v128)
    (local.set $lastPlace (i32.add (local.get $places) (i32.shl (local.get $to) (i32.const 3))))
    (block $done
      (loop $row
        (br_if $done (i32.eqz (local.get $rows)))
        (local.set $place (local.get $places))
        (local.set $start (local.get $weights))
        (loop $pixel
          (local.set $read (i32.add (local.get $pixels) (i32.load (local.get $place))))
          (local.set $weight (local.get $start))
          (local.set $end
            (i32.add (local.get $start) (i32.shl (i32.load offset=4 (local.get $place)) (i32.const 3))))
          (local.set $upper (v128.const i32x4 0 0 0 0))
          (local.set $lower (v128.const i32x4 0 0 0 0))
          (block $lessThanTwo
            (loop $twoPairs
              (br_if $lessThanTwo (i32.gt_u (i32.add (local.get $weight) (i32.const 16)) (local.get $end)))
              (local.set $bytes (v128.load (local.get $read)))
              ;; Red beside red, green beside green, blue beside blue, each byte as a number of 16 bits. A place beyond
              ;; the 16 bytes gives 0; a shuffle with zeros takes a processor of Intel's or AMD's twice as long.
              (local.set $pair (i8x16.swizzle (local.get $bytes)
                (v128.const i8x16 0 128 3 128 1 128 4 128 2 128 5 128 128 128 128 128)))
              (local.set $upper (i32x4.add (local.get $upper)
                (i32x4.dot_i16x8_s (local.get $pair) (v128.load32_splat (local.get $weight)))))
              (local.set $lower (i32x4.add (local.get $lower)
                (i32x4.dot_i16x8_s (local.get $pair) (v128.load32_splat offset=4 (local.get $weight)))))
              (local.set $pair (i8x16.swizzle (local.get $bytes)
                (v128.const i8x16 6 128 9 128 7 128 10 128 8 128 11 128 128 128 128 128)))
              (local.set $upper (i32x4.add (local.get $upper)
                (i32x4.dot_i16x8_s (local.get $pair) (v128.load32_splat offset=8 (local.get $weight)))))
              (local.set $lower (i32x4.add (local.get $lower)
                (i32x4.dot_i16x8_s (local.get $pair) (v128.load32_splat offset=12 (local.get $weight)))))
              (local.set $read (i32.add (local.get $read) (i32.const 12)))
              (local.set $weight (i32.add (local.get $weight) (i32.const 16)))
              (br $twoPairs)))
          (if (i32.lt_u (local.get $weight) (local.get $end))
            (then
              (local.set $pair (i8x16.swizzle (v128.load (local.get $read))
                (v128.const i8x16 0 128 3 128 1 128 4 128 2 128 5 128 128 128 128 128)))
              (local.set $upper (i32x4.add (local.get $upper)
                (i32x4.dot_i16x8_s (local.get $pair) (v128.load32_splat (local.get $weight)))))
              (local.set $lower (i32x4.add (local.get $lower)
                (i32x4.dot_i16x8_s (local.get $pair) (v128.load32_splat offset=4 (local.get $weight)))))))
          ;; Narrowing saturates: of many weights that were rounded up, a white area may come to 256. The fourth byte is
          ;; the next pixel's to overwrite.
          (local.set $upper (call $rounded (local.get $upper) (local.get $lower)))
          (local.set $upper (i16x8.narrow_i32x4_u (local.get $upper) (local.get $upper)))
          (i32.store (local.get $result)
            (i32x4.extract_lane 0 (i8x16.narrow_i16x8_u (local.get $upper) (local.get $upper))))
          (local.set $result (i32.add (local.get $result) (i32.const 3)))
          (local.set $start (i32.add (local.get $start) (local.get $stride)))
          (local.set $place (i32.add (local.get $place) (i32.const 8)))
          (br_if $pixel (i32.lt_u (local.get $place) (local.get $lastPlace))))
        (local.set $pixels (i32.add (local.get $pixels) (local.get $rowBytes)))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
        (br $row))))

  ;; Rows of any bytes, from one height to another, 16 columns at a time. Reads one row and up to 15 bytes behind the last
  ;; row, and writes up to 15 bytes behind it; what it writes behind another one, the next one overwrites.
  (func (export "down")
    (param $pixels i32) (param $rowBytes i32)
    (param $places i32) (param $to i32) (param $weights i32) (param $stride i32) (param $result i32)
    (local $lastPlace i32) (local $column i32) (local $read i32) (local $weight i32) (local $end i32)
    (local $bytes v128) (local $below v128) (local $both v128) (local $pair v128)
    (local $upper v128) (local $lower v128)
    (local $upper1 v128) (local $upper2 v128) (local $upper3 v128) (local $upper4 v128)
    (local $lower1 v128) (local $lower2 v128) (local $lower3 v128) (local $lower4 v128)
    (local.set $lastPlace (i32.add (local.get $places) (i32.shl (local.get $to) (i32.const 3))))
    (loop $row
      (local.set $end
        (i32.add (local.get $weights) (i32.shl (i32.load offset=4 (local.get $places)) (i32.const 3))))
      (local.set $column (i32.const 0))
      (loop $columns
        (local.set $read
          (i32.add (i32.add (local.get $pixels) (i32.load (local.get $places))) (local.get $column)))
        (local.set $weight (local.get $weights))
        (local.set $upper1 (v128.const i32x4 0 0 0 0))
        (local.set $upper2 (local.get $upper1))
        (local.set $upper3 (local.get $upper1))
        (local.set $upper4 (local.get $upper1))
        (local.set $lower1 (local.get $upper1))
        (local.set $lower2 (local.get $upper1))
        (local.set $lower3 (local.get $upper1))
        (local.set $lower4 (local.get $upper1))
        (loop $twoRows
          (local.set $bytes (v128.load (local.get $read)))
          (local.set $below (v128.load (i32.add (local.get $read) (local.get $rowBytes))))
          (local.set $upper (v128.load32_splat (local.get $weight)))
          (local.set $lower (v128.load32_splat offset=4 (local.get $weight)))
          ;; Each byte beside the one below it.
          (local.set $both (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23
            (local.get $bytes) (local.get $below)))
          (local.set $pair (i16x8.extend_low_i8x16_u (local.get $both)))
          (local.set $upper1 (i32x4.add (local.get $upper1) (i32x4.dot_i16x8_s (local.get $pair) (local.get $upper))))
          (local.set $lower1 (i32x4.add (local.get $lower1) (i32x4.dot_i16x8_s (local.get $pair) (local.get $lower))))
          (local.set $pair (i16x8.extend_high_i8x16_u (local.get $both)))
          (local.set $upper2 (i32x4.add (local.get $upper2) (i32x4.dot_i16x8_s (local.get $pair) (local.get $upper))))
          (local.set $lower2 (i32x4.add (local.get $lower2) (i32x4.dot_i16x8_s (local.get $pair) (local.get $lower))))
          (local.set $both (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31
            (local.get $bytes) (local.get $below)))
          (local.set $pair (i16x8.extend_low_i8x16_u (local.get $both)))
          (local.set $upper3 (i32x4.add (local.get $upper3) (i32x4.dot_i16x8_s (local.get $pair) (local.get $upper))))
          (local.set $lower3 (i32x4.add (local.get $lower3) (i32x4.dot_i16x8_s (local.get $pair) (local.get $lower))))
          (local.set $pair (i16x8.extend_high_i8x16_u (local.get $both)))
          (local.set $upper4 (i32x4.add (local.get $upper4) (i32x4.dot_i16x8_s (local.get $pair) (local.get $upper))))
          (local.set $lower4 (i32x4.add (local.get $lower4) (i32x4.dot_i16x8_s (local.get $pair) (local.get $lower))))
          (local.set $read (i32.add (local.get $read) (i32.shl (local.get $rowBytes) (i32.const 1))))
          (local.set $weight (i32.add (local.get $weight) (i32.const 8)))
          (br_if $twoRows (i32.lt_u (local.get $weight) (local.get $end))))
        (v128.store (i32.add (local.get $result) (local.get $column))
          (i8x16.narrow_i16x8_u
            (i16x8.narrow_i32x4_u
              (call $rounded (local.get $upper1) (local.get $lower1))
              (call $rounded (local.get $upper2) (local.get $lower2)))
            (i16x8.narrow_i32x4_u
              (call $rounded (local.get $upper3) (local.get $lower3))
              (call $rounded (local.get $upper4) (local.get $lower4)))))
        (local.set $column (i32.add (local.get $column) (i32.const 16)))
        (br_if $columns (i32.lt_u (local.get $column) (local.get $rowBytes))))
      (local.set $result (i32.add (local.get $result) (local.get $rowBytes)))
      (local.set $weights (i32.add (local.get $weights) (local.get $stride)))
      (local.set $places (i32.add (local.get $places) (i32.const 8)))
      (br_if $row (i32.lt_u (local.get $places) (local.get $lastPlace)))))
)
