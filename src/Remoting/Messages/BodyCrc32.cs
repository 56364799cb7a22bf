namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>The CRC of a body as the record keeps it: <see cref="Crc32"/> with the top bit cleared.</summary>
public static class BodyCrc32
{
    /// <summary>The value for a record: 31 bits, never negative.</summary>
    public static int Compute(ReadOnlySpan<byte> body) => OfRecord(Crc32.Compute(body));

    /// <summary>All 32 bits.</summary>
    public static uint Ieee(ReadOnlySpan<byte> data) => Crc32.Compute(data);

    /// <summary>The 31 bits that a record keeps of a CRC.</summary>
    public static int OfRecord(uint crc) => (int)(crc & 0x7FFFFFFF);
}
