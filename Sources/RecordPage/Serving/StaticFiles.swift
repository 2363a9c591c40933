import HTTPTypes
import Hummingbird

/// The style sheet and the script. They hold nothing of anybody, so a browser may keep them for a while.
struct StaticFiles {
    private static let files: [(path: RouterPath, type: String, bytes: [UInt8])] = [
        (
            "assets/page.css", "text/css; charset=utf-8",
            PackageResources.page_css + PackageResources.chart_css + PackageResources.picture_css
        ),
        ("assets/page.js", "text/javascript; charset=utf-8", PackageResources.page_js),
        ("favicon.ico", "image/svg+xml", PackageResources.icon_svg),
    ]

    func add(to routes: SiteRoutes) {
        for file in Self.files {
            let buffer = ByteBuffer(bytes: file.bytes)
            routes.router.get(file.path) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: file.type, .cacheControl: "private, max-age=300"],
                    body: ResponseBody(byteBuffer: buffer))
            }
        }
    }
}
