using System.Globalization;
using System.Text;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>A topic's settings as one line, in the compressed registration: <c>name read write perm filter {attributes}</c>.</summary>
public static class TopicConfigText
{
    /// <summary>Writes the line.</summary>
    public static byte[] Write(TopicConfigData topic)
    {
        var attributes = Encoding.UTF8.GetString(
            LenientJson.Write(topic.Attributes ?? [], RemotingJson.Bodies.DictionaryStringString));
        return Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{topic.TopicName} {topic.ReadQueues} {topic.WriteQueues} {topic.Permission} {topic.FilterType} {attributes}"));
    }

    /// <summary>Reads the line; attributes are missing in those of 4.x brokers.</summary>
    /// <exception cref="InvalidDataException">It is not such a line.</exception>
    public static TopicConfigData Read(ReadOnlySpan<byte> line)
    {
        var parts = Encoding.UTF8.GetString(line).Split(' ', 6);
        if (parts.Length < 5)
            throw new InvalidDataException("a topic has fewer than five parts");
        return new TopicConfigData
        {
            TopicName = parts[0],
            ReadQueues = Number(parts[1]),
            WriteQueues = Number(parts[2]),
            Permission = Number(parts[3]),
            FilterType = parts[4],
            Attributes = parts.Length == 6
                ? LenientJson.Read(Encoding.UTF8.GetBytes(parts[5]), RemotingJson.Bodies.DictionaryStringString)
                : null,
        };
    }

    private static int Number(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new InvalidDataException($"a topic has '{text}' where a number belongs");
}
