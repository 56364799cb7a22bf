using System.Globalization;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>
/// What a consumer needs to acknowledge a popped message, as text with blanks between:
/// <c>start-offset pop-time invisible-time revive-queue retry-mark broker queue [offset]</c>. Clients make it of the answer's
/// infos; messages that come back carry it as POP_CK.
/// </summary>
/// <param name="StartOffset">Where the read of the pop began in the queue.</param>
/// <param name="PopTime">When it was popped, Unix milliseconds.</param>
/// <param name="InvisibleTime">Milliseconds.</param>
/// <param name="ReviveQueueId">Where the account is kept; 999 for messages in order.</param>
public readonly record struct ReceiptHandle(long StartOffset, long PopTime, long InvisibleTime, int ReviveQueueId)
{
    /// <summary>The name of the property that has it.</summary>
    public static ReadOnlySpan<byte> Property => "POP_CK"u8;

    /// <summary>Whether the message was popped in order.</summary>
    public bool IsOrdered => ReviveQueueId == PopNames.OrderReviveQueue;

    /// <summary>Reads the parts that the broker needs; null with the reason when they are not there.</summary>
    public static ReceiptHandle? Parse(string text, out string? error)
    {
        string[] parts = text.Split(' ');
        error = null;
        Span<long> numbers = stackalloc long[4];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (parts.Length <= i || !long.TryParse(parts[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[i]))
            {
                error = $"extraInfo[{text}] is illegal: part {i + 1} of at least 4 is no number";
                return null;
            }
        }

        if (numbers[3] is < 0 or > PopNames.OrderReviveQueue)
        {
            error = $"extraInfo[{text}] is illegal: there is no revive queue {numbers[3]}";
            return null;
        }

        return new ReceiptHandle(numbers[0], numbers[1], numbers[2], (int)numbers[3]);
    }

    /// <summary>Writes the whole text.</summary>
    public string Format(char retryMark, string broker, int queueId, long offset) =>
        string.Create(CultureInfo.InvariantCulture, $"{StartOffset} {PopTime} {InvisibleTime} {ReviveQueueId} {retryMark} {broker} {queueId} {offset}");
}
