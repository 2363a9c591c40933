/// The limits of the format.
///
/// They are constants: not configurable and not negotiated, since what one replica admits every replica must admit.
public enum Limits {
    /// The longest line, in bytes, without its line feed.
    public static let lineBytes = 256 * 1024
    /// The deepest nesting of a body; the outermost object is depth 1.
    public static let bodyDepth = 16
    /// The highest sequence number; the sum of a full clock still fits in 63 bits.
    public static let sequence = 1 << 48
    /// The most origins in one vector clock.
    public static let clockEntries = 2048
    /// The most hashes in `after`, and in `refs`.
    public static let links = 256
    /// The longest kind and the longest author, in bytes.
    public static let nameBytes = 64
    /// The most events of one origin between two signed heads.
    public static let eventsPerSignedHead = 256
}
