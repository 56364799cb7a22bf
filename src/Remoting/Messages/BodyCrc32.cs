namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>
/// CRC-32 of IEEE 802.3 (reflected polynomial EDB88320, as zlib), with the top bit cleared as the record keeps it.
/// Eight bytes a step by eight tables.
/// </summary>
public static class BodyCrc32
{
    private const uint Polynomial = 0xEDB88320;
    private static readonly uint[] Tables = MakeTables();

    /// <summary>The value for a record: 31 bits, never negative.</summary>
    public static int Compute(ReadOnlySpan<byte> body) => (int)(Ieee(body) & 0x7FFFFFFF);

    /// <summary>All 32 bits.</summary>
    public static uint Ieee(ReadOnlySpan<byte> data)
    {
        var tables = Tables.AsSpan(0, 2048);
        var crc = uint.MaxValue;
        while (data.Length >= 8)
        {
            var word = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(data) ^ crc;
            crc = tables[1792 + (int)(word & 0xFF)]
                ^ tables[1536 + (int)((word >> 8) & 0xFF)]
                ^ tables[1280 + (int)((word >> 16) & 0xFF)]
                ^ tables[1024 + (int)((word >> 24) & 0xFF)]
                ^ tables[768 + (int)((word >> 32) & 0xFF)]
                ^ tables[512 + (int)((word >> 40) & 0xFF)]
                ^ tables[256 + (int)((word >> 48) & 0xFF)]
                ^ tables[(int)(word >> 56)];
            data = data[8..];
        }

        foreach (var value in data)
            crc = tables[(int)((crc ^ value) & 0xFF)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] MakeTables()
    {
        var tables = new uint[8 * 256];
        for (var i = 0u; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
                value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ Polynomial;
            tables[i] = value;
        }

        for (var i = 256; i < tables.Length; i++)
            tables[i] = (tables[i - 256] >> 8) ^ tables[(int)(tables[i - 256] & 0xFF)];
        return tables;
    }
}
