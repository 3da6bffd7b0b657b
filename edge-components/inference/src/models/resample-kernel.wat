;; The two loops of resample.ts over every byte of a frame, four products at a time: three to four times as fast as
;; JavaScript, which shares its core with the decoder. Compiled by scripts/generate-resample-kernel.ts.
;;
;; A list of places has two numbers for each output pixel: where the first input pixel lies, in bytes from the start of
;; its row or column, and how many there are. Weights have 22 fractional bits, $most of them for each output pixel.
;; Sums begin at a half. All of them fit: 255 x 2^22, and a little for weights that were rounded up, is below 2^31.
(module
  (memory (export "memory") 1)

  ;; Each row of pixels of three bytes, from one width to another. Reads up to 13 bytes behind the last pixel.
  (func (export "across")
    (param $pixels i32) (param $rowBytes i32) (param $rows i32)
    (param $places i32) (param $to i32) (param $weights i32) (param $most i32) (param $result i32)
    (local $place i32) (local $lastPlace i32) (local $read i32)
    (local $start i32) (local $weight i32) (local $end i32) (local $four v128) (local $sum v128)
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
            (i32.add (local.get $start) (i32.shl (i32.load offset=4 (local.get $place)) (i32.const 2))))
          (local.set $sum (v128.const i32x4 0x200000 0x200000 0x200000 0x200000))
          (block $lessThanFour
            (loop $fourPixels
              (br_if $lessThanFour (i32.gt_u (i32.add (local.get $weight) (i32.const 16)) (local.get $end)))
              (local.set $four (v128.load (local.get $read)))
              ;; Three bytes, each to the bottom of its lane.
              (local.set $sum (i32x4.add (local.get $sum) (i32x4.mul
                (v128.load32_splat (local.get $weight))
                (i8x16.shuffle 0 16 16 16 1 16 16 16 2 16 16 16 16 16 16 16
                  (local.get $four) (v128.const i32x4 0 0 0 0)))))
              (local.set $sum (i32x4.add (local.get $sum) (i32x4.mul
                (v128.load32_splat offset=4 (local.get $weight))
                (i8x16.shuffle 3 16 16 16 4 16 16 16 5 16 16 16 16 16 16 16
                  (local.get $four) (v128.const i32x4 0 0 0 0)))))
              (local.set $sum (i32x4.add (local.get $sum) (i32x4.mul
                (v128.load32_splat offset=8 (local.get $weight))
                (i8x16.shuffle 6 16 16 16 7 16 16 16 8 16 16 16 16 16 16 16
                  (local.get $four) (v128.const i32x4 0 0 0 0)))))
              (local.set $sum (i32x4.add (local.get $sum) (i32x4.mul
                (v128.load32_splat offset=12 (local.get $weight))
                (i8x16.shuffle 9 16 16 16 10 16 16 16 11 16 16 16 16 16 16 16
                  (local.get $four) (v128.const i32x4 0 0 0 0)))))
              (local.set $read (i32.add (local.get $read) (i32.const 12)))
              (local.set $weight (i32.add (local.get $weight) (i32.const 16)))
              (br $fourPixels)))
          (block $noneLeft
            (loop $onePixel
              (br_if $noneLeft (i32.ge_u (local.get $weight) (local.get $end)))
              (local.set $sum (i32x4.add (local.get $sum) (i32x4.mul
                (v128.load32_splat (local.get $weight))
                (i8x16.shuffle 0 16 16 16 1 16 16 16 2 16 16 16 16 16 16 16
                  (v128.load32_zero (local.get $read)) (v128.const i32x4 0 0 0 0)))))
              (local.set $read (i32.add (local.get $read) (i32.const 3)))
              (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
              (br $onePixel)))
          ;; Of many weights that were rounded up, a white area may come to 256.
          (local.set $sum (i32x4.min_s
            (i32x4.shr_s (local.get $sum) (i32.const 22)) (v128.const i32x4 255 255 255 255)))
          (i32.store8 (local.get $result) (i32x4.extract_lane 0 (local.get $sum)))
          (i32.store8 offset=1 (local.get $result) (i32x4.extract_lane 1 (local.get $sum)))
          (i32.store8 offset=2 (local.get $result) (i32x4.extract_lane 2 (local.get $sum)))
          (local.set $result (i32.add (local.get $result) (i32.const 3)))
          (local.set $start (i32.add (local.get $start) (i32.shl (local.get $most) (i32.const 2))))
          (local.set $place (i32.add (local.get $place) (i32.const 8)))
          (br_if $pixel (i32.lt_u (local.get $place) (local.get $lastPlace))))
        (local.set $pixels (i32.add (local.get $pixels) (local.get $rowBytes)))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
        (br $row))))

  ;; Rows of any bytes, from one height to another, 16 columns at a time. Reads and writes up to 15 bytes behind the last
  ;; row; what it writes behind another one, the next one overwrites.
  (func (export "down")
    (param $pixels i32) (param $rowBytes i32)
    (param $places i32) (param $to i32) (param $weights i32) (param $most i32) (param $result i32)
    (local $lastPlace i32) (local $column i32) (local $read i32)
    (local $weight i32) (local $end i32) (local $bytes v128) (local $factor v128)
    (local $first v128) (local $second v128) (local $third v128) (local $fourth v128)
    (local.set $lastPlace (i32.add (local.get $places) (i32.shl (local.get $to) (i32.const 3))))
    (loop $row
      (local.set $end
        (i32.add (local.get $weights) (i32.shl (i32.load offset=4 (local.get $places)) (i32.const 2))))
      (local.set $column (i32.const 0))
      (loop $columns
        (local.set $read
          (i32.add (i32.add (local.get $pixels) (i32.load (local.get $places))) (local.get $column)))
        (local.set $weight (local.get $weights))
        (local.set $first (v128.const i32x4 0x200000 0x200000 0x200000 0x200000))
        (local.set $second (local.get $first))
        (local.set $third (local.get $first))
        (local.set $fourth (local.get $first))
        (loop $one
          (local.set $bytes (v128.load (local.get $read)))
          (local.set $factor (v128.load32_splat (local.get $weight)))
          (local.set $first (i32x4.add (local.get $first) (i32x4.mul (local.get $factor)
            (i8x16.shuffle 0 16 16 16 1 16 16 16 2 16 16 16 3 16 16 16
              (local.get $bytes) (v128.const i32x4 0 0 0 0)))))
          (local.set $second (i32x4.add (local.get $second) (i32x4.mul (local.get $factor)
            (i8x16.shuffle 4 16 16 16 5 16 16 16 6 16 16 16 7 16 16 16
              (local.get $bytes) (v128.const i32x4 0 0 0 0)))))
          (local.set $third (i32x4.add (local.get $third) (i32x4.mul (local.get $factor)
            (i8x16.shuffle 8 16 16 16 9 16 16 16 10 16 16 16 11 16 16 16
              (local.get $bytes) (v128.const i32x4 0 0 0 0)))))
          (local.set $fourth (i32x4.add (local.get $fourth) (i32x4.mul (local.get $factor)
            (i8x16.shuffle 12 16 16 16 13 16 16 16 14 16 16 16 15 16 16 16
              (local.get $bytes) (v128.const i32x4 0 0 0 0)))))
          (local.set $read (i32.add (local.get $read) (local.get $rowBytes)))
          (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
          (br_if $one (i32.lt_u (local.get $weight) (local.get $end))))
        ;; Narrowing saturates.
        (v128.store (i32.add (local.get $result) (local.get $column))
          (i8x16.narrow_i16x8_u
            (i16x8.narrow_i32x4_u
              (i32x4.shr_s (local.get $first) (i32.const 22)) (i32x4.shr_s (local.get $second) (i32.const 22)))
            (i16x8.narrow_i32x4_u
              (i32x4.shr_s (local.get $third) (i32.const 22)) (i32x4.shr_s (local.get $fourth) (i32.const 22)))))
        (local.set $column (i32.add (local.get $column) (i32.const 16)))
        (br_if $columns (i32.lt_u (local.get $column) (local.get $rowBytes))))
      (local.set $result (i32.add (local.get $result) (local.get $rowBytes)))
      (local.set $weights (i32.add (local.get $weights) (i32.shl (local.get $most) (i32.const 2))))
      (local.set $places (i32.add (local.get $places) (i32.const 8)))
      (br_if $row (i32.lt_u (local.get $places) (local.get $lastPlace)))))
)
