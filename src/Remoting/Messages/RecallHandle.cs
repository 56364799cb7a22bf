using System.Text;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>
/// With what a message that waits for its time is called back, as the answer to its send has it.
/// <code>
///  base64, of the alphabet for addresses, with padding:  v1 topic broker-name time unique-key     separated by blanks
/// </code>
/// </summary>
/// <param name="Topic">Topic of the message.</param>
/// <param name="BrokerName">Broker that has it.</param>
/// <param name="Time">Text of a Unix time in milliseconds, of the second that the message waits for.</param>
/// <param name="UniqueKey">Unique key of the message.</param>
public readonly record struct RecallHandle(string Topic, string BrokerName, string Time, string UniqueKey)
{
    private const string Version = "v1";

    /// <summary>Longest text that is read.</summary>
    private const int MaxLength = 4096;

    /// <inheritdoc/>
    public override string ToString()
    {
        byte[] text = Encoding.UTF8.GetBytes($"{Version} {Topic} {BrokerName} {Time} {UniqueKey}");
        return Convert.ToBase64String(text).Replace('+', '-').Replace('/', '_');
    }

    /// <summary>Reads a handle; false when it is none.</summary>
    public static bool TryParse(string? text, out RecallHandle handle)
    {
        handle = default;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
            return false;
        var base64 = text.Replace('-', '+').Replace('_', '/').TrimEnd('=');
        base64 = base64.PadRight((base64.Length + 3) / 4 * 4, '=');
        var bytes = new byte[base64.Length];
        if (text.AsSpan().ContainsAny('+', '/') || !Convert.TryFromBase64String(base64, bytes, out var length))
            return false;
        if (Encoding.UTF8.GetString(bytes, 0, length).Split(' ') is not [Version, var topic, var broker, var time, var key, ..])
            return false;
        handle = new RecallHandle(topic, broker, time, key);
        return true;
    }
}
