;; The loop of image-statistics.ts over every pixel, four at a time. Compiled by scripts/generate-kernels.ts.
;;
;; Luma in thousandths, 299 R + 587 G + 114 B, is a whole number of at most 255,000: every sum is exact. Sums of a row fit
;; into 32 bits (each of four lanes, of 4,096 pixels, which is the widest input, below 2^28), those of an image into 64.
(module
  (memory (export "memory") 1)

  ;; Four numbers of 32 bits, added up.
  (func $total (param $four v128) (result i64)
    (local.set $four (i64x2.add
      (i64x2.extend_low_i32x4_u (local.get $four))
      (i64x2.extend_high_i32x4_u (local.get $four))))
    (i64.add (i64x2.extract_lane 0 (local.get $four)) (i64x2.extract_lane 1 (local.get $four))))

  ;; Writes three numbers of 64 bits: the sum of the lumas, of their squares, and of the differences between horizontal
  ;; neighbours. Reads up to 13 bytes behind the last pixel.
  (func (export "statistics") (param $pixels i32) (param $width i32) (param $height i32) (param $result i32)
    (local $left i32) (local $bytes v128) (local $luma v128) (local $before v128) (local $here v128)
    (local $rowSum v128) (local $rowDifferences v128) (local $squares v128)
    (local $sum i64) (local $differences i64)
    (block $done
      (loop $row
        (br_if $done (i32.eqz (local.get $height)))
        (local.set $left (local.get $width))
        (local.set $rowSum (v128.const i32x4 0 0 0 0))
        (local.set $rowDifferences (local.get $rowSum))
        (loop $four
          (local.set $bytes (v128.load (local.get $pixels)))
          ;; Each red beside its green, each blue beside nothing. A place beyond the 16 bytes gives 0.
          (local.set $luma (i32x4.add
            (i32x4.dot_i16x8_s
              (i8x16.swizzle (local.get $bytes)
                (v128.const i8x16 0 128 1 128 3 128 4 128 6 128 7 128 9 128 10 128))
              (v128.const i16x8 299 587 299 587 299 587 299 587))
            (i32x4.dot_i16x8_s
              (i8x16.swizzle (local.get $bytes)
                (v128.const i8x16 2 128 128 128 5 128 128 128 8 128 128 128 11 128 128 128))
              (v128.const i16x8 114 0 114 0 114 0 114 0))))
          ;; The first pixel of a row has no neighbour before it: it is its own.
          (if (i32.eq (local.get $left) (local.get $width))
            (then (local.set $before (i32x4.splat (i32x4.extract_lane 0 (local.get $luma))))))
          (local.set $before
            (i8x16.shuffle 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 (local.get $before) (local.get $luma)))
          ;; Lanes of pixels that the row still has.
          (local.set $here (i32x4.gt_s (i32x4.splat (local.get $left)) (v128.const i32x4 0 1 2 3)))
          (local.set $rowDifferences (i32x4.add (local.get $rowDifferences) (v128.and (local.get $here)
            (i32x4.abs (i32x4.sub (local.get $luma) (local.get $before))))))
          (local.set $before (local.get $luma))
          (local.set $luma (v128.and (local.get $luma) (local.get $here)))
          (local.set $rowSum (i32x4.add (local.get $rowSum) (local.get $luma)))
          (local.set $squares (i64x2.add (local.get $squares) (i64x2.add
            (i64x2.extmul_low_i32x4_u (local.get $luma) (local.get $luma))
            (i64x2.extmul_high_i32x4_u (local.get $luma) (local.get $luma)))))
          (local.set $pixels (i32.add (local.get $pixels) (i32.const 12)))
          (local.set $left (i32.sub (local.get $left) (i32.const 4)))
          (br_if $four (i32.gt_s (local.get $left) (i32.const 0))))
        (local.set $sum (i64.add (local.get $sum) (call $total (local.get $rowSum))))
        (local.set $differences (i64.add (local.get $differences) (call $total (local.get $rowDifferences))))
        ;; Back from where the last four were taken to where the next row begins.
        (local.set $pixels (i32.add (local.get $pixels) (i32.mul (local.get $left) (i32.const 3))))
        (local.set $height (i32.sub (local.get $height) (i32.const 1)))
        (br $row)))
    (i64.store (local.get $result) (local.get $sum))
    (i64.store offset=8 (local.get $result)
      (i64.add (i64x2.extract_lane 0 (local.get $squares)) (i64x2.extract_lane 1 (local.get $squares))))
    (i64.store offset=16 (local.get $result) (local.get $differences)))
)
