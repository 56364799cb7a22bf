using System.Globalization;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>Bytes for people, as RocketMQ writes them: <c>1.5 GiB</c>.</summary>
internal static class ByteText
{
    /// <summary>In the largest unit that is not zero.</summary>
    public static string Of(long bytes)
    {
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < 6)
        {
            value /= 1024;
            unit++;
        }

        return unit == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes} B")
            : string.Create(CultureInfo.InvariantCulture, $"{value:F1} {"KMGTPE"[unit - 1]}iB");
    }
}
