import HTTPTypes
import Hummingbird
import NodeAPI

/// What machines ask without being anybody: whether the node is well, whether it can serve, and its figures. Nothing of a patient.
struct HealthPages {
    private let backend: any PageBackend

    init(_ backend: any PageBackend) { self.backend = backend }

    func add(to router: Router<PageContext>) {
        router.get("healthz") { _, _ in
            let silent = await backend.health().silent
            return Self.answer(silent.isEmpty ? [] : silent.map { "no sign of life from \($0)" })
        }
        router.get("readyz") { _, _ in
            let health = await backend.health()
            return Self.answer(health.silent.map { "no sign of life from \($0)" } + health.hindrances)
        }
        router.get("metrics") { _, _ in
            do {
                return Self.text(PrometheusText.render(try await backend.metrics()), PrometheusText.contentType)
            } catch {
                // Whoever asks is nobody in particular: what is wrong with the storage is not said.
                return Self.answer(["the figures cannot be read now"])
            }
        }
    }

    private static func answer(_ faults: [String]) -> Response {
        guard faults.isEmpty else {
            return text(faults.joined(separator: "\n") + "\n", status: .serviceUnavailable)
        }
        return text("ok\n")
    }

    private static func text(
        _ text: String, _ type: String = "text/plain; charset=utf-8", status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
