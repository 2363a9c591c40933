import FuzzTargets
import Glibc

/// libFuzzer, without the main that it would bring.
@_silgen_name("LLVMFuzzerRunDriver")
private func runLibFuzzer(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
// FUZZ_TARGET says which, as `make fuzz` sets it. A fault ends the process, and libFuzzer keeps the input.
exit(
    runLibFuzzer(&count, &arguments) { data, size in
        let target = getenv("FUZZ_TARGET").flatMap { Fuzzing(rawValue: String(cString: $0)) } ?? .lines
        if let fault = target.findFault(in: Array(UnsafeBufferPointer(start: data, count: size))) {
            preconditionFailure("\(target.rawValue): \(fault)")
        }
        return 0
    })
