namespace ProtoBridgeMQ.Store;

/// <summary>The store directory cannot be opened as it is; the message says what is wrong and what to do.</summary>
public sealed class StoreUnusableException : Exception
{
    /// <summary>Says what is wrong and what to do.</summary>
    public StoreUnusableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
